// A strand's inbox: the strand never runs twice at once, and nothing that was pushed stays behind.
#include <hocket/rt/queue/inbox.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct letter : rt::runnable {
  void run() noexcept override {}
  unsigned sender = 0;
  model_plain<int> text{0};
  int number = 0;
  int read = 0;
};

// Whoever gets `true` is to schedule the strand: here it is the worker that runs it at once.
template <class Atomics>
struct inbox_world : world {
  rt::inbox<Atomics> inbox;
  letter letters[2][2];
  int last_read[2] = {-1, -1};
  bool running = false;
  model_plain<int> diary{0};  // the strand's own
  int kicks = 0;
  model_atomic<int> steps_of_the_strand{0};

  inbox_world() {
    for (unsigned s = 0; s < 2; ++s) {
      for (int n = 0; n < 2; ++n) {
        letters[s][n].sender = s;
        letters[s][n].number = n;
      }
    }
  }

  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 2) {
      if (inbox.try_claim()) {
        ++kicks;
        run_strand();
      }
      return;
    }
    for (auto& l : letters[i]) {
      l.text = 1;
      if (inbox.push(l)) run_strand();
    }
  }

  void run_strand() {
    do {
      MODEL_CHECK(!running && "the strand runs once at a time");
      running = true;
      diary = diary + 1;
      steps_of_the_strand.fetch_add(1);  // a place to be preempted in
      auto came = inbox.drain();
      while (auto* r = came.pop_front()) {
        auto& l = static_cast<letter&>(*r);
        MODEL_CHECK(++l.read == 1 && "read once");
        MODEL_CHECK(l.number > last_read[l.sender] && "in the sender's order");
        last_read[l.sender] = l.number;
        diary = diary + l.text;
      }
      running = false;
    } while (!inbox.try_go_idle());
  }

  void at_end() override {
    MODEL_CHECK(inbox.is_idle());
    for (auto& from : letters) {
      for (auto& l : from) MODEL_CHECK(l.read == 1 && "nothing stays behind");
    }
  }
};

using sound = model_atomics;

TEST(inbox_model, everything_is_read_once_by_one_run_of_the_strand_at_a_time) {
  expect_holds<inbox_world<sound>>("inbox, 2 senders and a kick", {.preemptions = 3});
  expect_holds<inbox_world<sound>>("inbox, 2 senders and a kick", {.preemptions = 4});
}

TEST(inbox_model, holds_with_store_buffers) {
  expect_holds<inbox_world<sound>>("inbox, 2 senders and a kick", {.preemptions = 2, .delays = 1});
}

TEST(inbox_model, mutants_are_caught) {
  expect_caught<inbox_world<broken<"inbox: push without the CAS">>>("push without the CAS");
  expect_caught<inbox_world<broken<"inbox: drain without the exchange">>>("drain without the exchange");
  expect_caught<inbox_world<broken<"inbox: goes idle without looking">>>("goes idle without looking");
}

TEST(inbox_model, orders_are_needed) { expect_orders_needed<inbox_world<sound>>({"I1", "I2"}); }

}  // namespace
}  // namespace hocket::model
