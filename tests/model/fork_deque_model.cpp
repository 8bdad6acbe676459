// The fork deque with room for two, so that it grows: every item goes to exactly one thread.
#include <hocket/rt/queue/fork_deque.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct item {
  int taken = 0;
  model_plain<int> value{0};
};

template <class Atomics>
struct deque_world : world {
  static constexpr unsigned initial_log2 = 1;
  using deque_type = rt::fork_deque<item, Atomics, initial_log2>;

  deque_type deque;
  item items[6];
  int pushed = 0;

  void push() {
    items[pushed].value = 1;
    deque.owner().push(items[pushed++]);
  }
  bool pop() { return take(deque.owner().pop()); }
  bool pop_if(int i) { return deque.owner().pop_if(items[i]) && take(&items[i]); }
  void steal() {
    const auto r = deque.thief().steal();
    MODEL_CHECK((r.outcome == rt::stole::item) == (r.item != nullptr));
    take(r.item);
  }
  bool take(item* it) {
    if (!it) return false;
    MODEL_CHECK(++it->taken == 1 && "taken once");
    it->value = 2;
    return true;
  }
  void at_end() override {
    while (pop()) {
    }
    for (int i = 0; i < pushed; ++i) MODEL_CHECK(items[i].taken == 1 && "nothing is lost");
    MODEL_CHECK(deque.looks_empty());
  }
};

// The owner and two thieves meet at the last item.
template <class Atomics>
struct last_item : deque_world<Atomics> {
  unsigned threads() const override { return 3; }
  void thread(unsigned i) override {
    if (i == 0) {
      this->push();
      this->push();
      this->pop();
      this->push();
      this->pop();
    } else {
      this->steal();
    }
  }
};

// The third push outgrows the ring while thieves read it.
template <class Atomics>
struct growth : deque_world<Atomics> {
  unsigned threads() const override { return 3; }
  void thread(unsigned i) override {
    if (i == 0) {
      this->push();
      this->push();
      this->push();
      this->pop();
    } else {
      this->steal();
      if (i == 1) this->steal();
    }
  }
};

// The slots come round: the owner fills again what was stolen.
template <class Atomics>
struct wrap : deque_world<Atomics> {
  unsigned threads() const override { return 3; }
  void thread(unsigned i) override {
    if (i == 0) {
      this->push();
      this->push();
      this->pop();
      this->pop();
      this->push();
      this->push();
      this->push();
    } else {
      this->steal();
    }
  }
};

// The owner takes back what it pushed, youngest first, by name; what it does not get, thieves have.
template <class Atomics>
struct taken_back : deque_world<Atomics> {
  unsigned threads() const override { return 3; }
  void thread(unsigned i) override {
    if (i == 0) {
      this->push();
      this->push();
      MODEL_CHECK((this->pop_if(1) || this->items[1].taken == 1) && "here, or stolen");
      if (!this->pop_if(0)) MODEL_CHECK(!this->pop_if(0) && "once gone it stays gone");
      this->push();
      MODEL_CHECK(!this->pop_if(1) && "not the youngest");
    } else {
      this->steal();
    }
  }
};

using sound = model_atomics;

TEST(fork_deque_model, what_is_taken_back_by_name_is_taken_once) {
  expect_holds<taken_back<sound>>("fork_deque, taken back", {.preemptions = 3});
  expect_holds<taken_back<sound>>("fork_deque, taken back", {.preemptions = 4});
  expect_caught<taken_back<broken<"fork_deque: the last item is taken without the CAS">>>("taken back without the CAS");
}

TEST(fork_deque_model, last_item_goes_to_exactly_one_thread) {
  expect_holds<last_item<sound>>("fork_deque, last item", {.preemptions = 3});
  expect_holds<last_item<sound>>("fork_deque, last item", {.preemptions = 4});
}

TEST(fork_deque_model, growth_loses_nothing) {
  expect_holds<growth<sound>>("fork_deque, growth", {.preemptions = 3});
  expect_holds<growth<sound>>("fork_deque, growth", {.preemptions = 4});
}

TEST(fork_deque_model, reused_slots_are_not_stolen_twice) {
  expect_holds<wrap<sound>>("fork_deque, wrap", {.preemptions = 3});
  expect_holds<wrap<sound>>("fork_deque, wrap", {.preemptions = 4});
}

TEST(fork_deque_model, holds_with_store_buffers) {
  expect_holds<last_item<sound>>("fork_deque, last item", {.preemptions = 2, .delays = 1});
  expect_holds<growth<sound>>("fork_deque, growth", {.preemptions = 2, .delays = 1});
}

TEST(fork_deque_model, mutants_are_caught) {
  expect_caught<last_item<broken<"fork_deque: the last item is taken without the CAS">>>(
      "the last item is taken without the CAS");
  expect_caught<last_item<broken<"fork_deque: pop reads front before it claims the back">>>(
      "pop reads front before it claims the back");
  expect_caught<growth<broken<"fork_deque: the thief reads the ring before the back">>>(
      "the thief reads the ring before the back");
  expect_caught<growth<broken<"fork_deque: outgrown rings are reused">>>("outgrown rings are reused");
  expect_caught<wrap<broken<"fork_deque: the thief reads the slot after the CAS">>>(
      "the thief reads the slot after the CAS");
}

TEST(fork_deque_model, mutants_of_the_order_are_caught_with_store_buffers) {
  expect_caught<last_item<broken<"fork_deque: pop claims with release only">>>("pop claims with release only",
                                                                               {.preemptions = 2, .delays = 1});
}

TEST(fork_deque_model, orders_are_needed) { expect_orders_needed<last_item<sound>>({"Q1", "Q2"}); }

}  // namespace
}  // namespace hocket::model
