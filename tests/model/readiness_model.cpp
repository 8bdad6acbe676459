// One direction of a descriptor: no edge is lost between the call that would block and the wait, and each wait ends
// once, although the kernel's news, a cancel and the detaching come at any moment.
#include <hocket/rt/io/readiness.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

enum class habit { correct, does_not_try_again };

struct op {
  model_atomic<int> wakes{0};
  model_plain<int> result{0};
};

template <class Atomics, habit Habit = habit::correct>
struct readiness_world : world {
  static constexpr std::uint16_t tag = 0, next_tag = 1;

  rt::readiness<op, Atomics> word;
  model_atomic<int> in_kernel{0};  // bytes that a read would give
  op waiting[3];
  int submitted = 0;
  int read = 0;
  bool was_told_to_stop = false;

  unsigned threads() const override { return 4; }

  void thread(unsigned i) override {
    switch (i) {
      case 0:
        return read_all();
      case 1:  // the kernel, through the reactor: an edge for each byte
        for (int n = 0; n < 2; ++n) {
          in_kernel.fetch_add(1, std::memory_order_relaxed);
          wake(word.deliver(tag));
        }
        return;
      case 2:  // a canceller: of the first wait
        if (word.cancel(tag, waiting[0])) wake(&waiting[0]);
        return;
      case 3:  // detaches, perhaps
        if (choose(2) == 1) wake(word.retire(next_tag));
        return;
    }
  }

  void wake(op* o) {
    if (!o) return;
    o->result = 1;
    o->wakes.fetch_add(1, std::memory_order_release);
    hooks::wake(o, 1);
  }

  // Edge triggered: read until it would block, then wait.
  void read_all() {
    while (read < 2 && submitted < 3) {
      if (in_kernel.load(std::memory_order_relaxed) > 0) {
        in_kernel.fetch_sub(1, std::memory_order_relaxed);
        ++read;
        continue;
      }
      op& o = waiting[submitted];
      o.result = 0;
      switch (word.submit(tag, o)) {
        case rt::submitted::was_ready:
          if constexpr (Habit == habit::does_not_try_again) sleep(o);
          break;
        case rt::submitted::stale:
          was_told_to_stop = true;
          return;
        case rt::submitted::waiting:
          ++submitted;
          sleep(o);
          MODEL_CHECK(o.result == 1);
          break;
      }
    }
  }

  void sleep(op& o) {
    while (o.wakes.load(std::memory_order_acquire) == 0) hooks::block(&o, false);
  }

  void at_end() override {
    for (int n = 0; n < submitted; ++n) MODEL_CHECK(waiting[n].wakes.peek() == 1 && "each wait ends once");
    MODEL_CHECK(read == 2 || was_told_to_stop || submitted == 3);
  }
};

/// A reader that takes all there is and then waits, without the call that would say EAGAIN: what it must not sleep
/// through is the end, which may be told together with the last bytes, and never again.
template <class Atomics>
struct short_read_world : world {
  static constexpr std::uint16_t tag = 0;

  rt::readiness<op, Atomics> word;
  model_atomic<int> in_kernel{0};
  model_atomic<int> ended{0};
  op waiting[3];
  int submitted = 0;
  int read = 0;
  bool saw_end = false;

  unsigned threads() const override { return 2; }

  void thread(unsigned i) override {
    if (i == 0) return read_all();
    // The kernel, through the reactor: a byte; another, and the end, in one report or in two.
    in_kernel.fetch_add(1, std::memory_order_relaxed);
    wake(word.deliver(tag));
    in_kernel.fetch_add(1, std::memory_order_relaxed);
    if (choose(2) == 1) wake(word.deliver(tag));
    ended.store(1, std::memory_order_relaxed);
    wake(word.deliver(tag, true));
  }

  void wake(op* o) {
    if (!o) return;
    o->wakes.fetch_add(1, std::memory_order_release);
    hooks::wake(o, 1);
  }

  void read_all() {
    while (!saw_end && submitted < 3) {
      // One call: bytes, or the end that came after them, which only a call that gives nothing tells.
      const bool over = ended.load(std::memory_order_relaxed) != 0;
      const int got = in_kernel.exchange(0, std::memory_order_relaxed);
      read += got;
      if (got == 0 && over) {
        saw_end = true;
        continue;
      }
      op& o = waiting[submitted];
      if (word.submit(tag, o) == rt::submitted::waiting) {
        ++submitted;
        while (o.wakes.load(std::memory_order_acquire) == 0) hooks::block(&o, false);
      }
    }
  }

  void at_end() override {
    for (int n = 0; n < submitted; ++n) MODEL_CHECK(waiting[n].wakes.peek() == 1 && "each wait ends once");
    MODEL_CHECK((read == 2 && saw_end) || submitted == 3);
  }
};

using sound = model_atomics;

TEST(readiness_model, the_end_that_came_with_the_last_bytes_is_seen_after_a_short_read) {
  expect_holds<short_read_world<sound>>("readiness, 2 bytes and the end, short reads", {.preemptions = 4});
  expect_caught<short_read_world<broken<"readiness: the end is told once">>>("the end is told once");
}

TEST(readiness_model, no_edge_is_lost_and_each_wait_ends_once) {
  expect_holds<readiness_world<sound>>("readiness, 2 edges, a cancel, a detach", {.preemptions = 3});
  expect_holds<readiness_world<sound>>("readiness, 2 edges, a cancel, a detach", {.preemptions = 4});
}

TEST(readiness_model, mutants_are_caught) {
  expect_caught<readiness_world<broken<"readiness: an edge without a waiter is dropped">>>(
      "an edge without a waiter is dropped");
  expect_caught<readiness_world<broken<"readiness: a stale tag is heard">>>("a stale tag is heard");
  expect_caught<readiness_world<sound, habit::does_not_try_again>>("was ready, and does not try again");
}

TEST(readiness_model, orders_are_needed) { expect_orders_needed<readiness_world<sound>>({"I1"}); }

}  // namespace
}  // namespace hocket::model
