// The ready queue with room for two, so that its indices come round: each item once, in order.
#include <hocket/rt/queue/ready_queue.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct item {
  model_plain<int> value{0};
  int number = 0;
  int taken = 0;
};

template <class Atomics, int Pushes>
struct ready_world : world {
  rt::ready_queue<item, Atomics, 1> queue;
  item items[Pushes];
  int pushed = 0;
  int refused = 0;
  int last_seen[3] = {-1, -1, -1};

  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) {
      for (int n = 0; n < Pushes; ++n) {
        items[n].number = n;
        items[n].value = 1;
        if (!queue.owner().push(items[n])) {
          // Full: the owner makes room, as a worker does by moving work to the injection queue.
          take(0, queue.owner().pop());
          MODEL_CHECK(queue.owner().push(items[n]) && "after a pop there is room");
        }
        ++pushed;
      }
      take(0, queue.owner().pop());
    } else {
      for (unsigned n = 0; n < 3 - i; ++n) {
        const auto r = queue.thief().steal();
        MODEL_CHECK((r.outcome == rt::stole::item) == (r.item != nullptr));
        take(i, r.item);
      }
    }
  }

  bool take(unsigned who, item* it) {
    if (!it) return false;
    MODEL_CHECK(++it->taken == 1 && "taken once");
    MODEL_CHECK(it->number > last_seen[who] && "first in, first out");
    last_seen[who] = it->number;
    it->value = 2;
    return true;
  }

  void at_end() override {
    while (take(0, queue.owner().pop())) {
    }
    for (auto& it : items) MODEL_CHECK(it.taken == 1 && "nothing is lost");
    MODEL_CHECK(queue.looks_empty());
  }
};

using sound = model_atomics;
constexpr int pushes = 4;

TEST(ready_queue_model, each_item_goes_to_exactly_one_thread_in_order) {
  expect_holds<ready_world<sound, pushes>>("ready_queue, 4 items through 2 slots", {.preemptions = 3});
  expect_holds<ready_world<sound, pushes>>("ready_queue, 4 items through 2 slots", {.preemptions = 4});
}

TEST(ready_queue_model, holds_with_store_buffers) {
  expect_holds<ready_world<sound, 3>>("ready_queue, 3 items through 2 slots", {.preemptions = 2, .delays = 1});
}

TEST(ready_queue_model, mutants_are_caught) {
  expect_caught<ready_world<broken<"ready_queue: a full ring takes one more">, pushes>>("a full ring takes one more");
  expect_caught<ready_world<broken<"ready_queue: the tail moves before the slot is written">, pushes>>(
      "the tail moves before the slot is written");
  expect_caught<ready_world<broken<"ready_queue: the owner takes without the CAS">, pushes>>(
      "the owner takes without the CAS");
  expect_caught<ready_world<broken<"ready_queue: the thief reads the slot after the CAS">, pushes>>(
      "the thief reads the slot after the CAS");
}

TEST(ready_queue_model, orders_are_needed) { expect_orders_needed<ready_world<sound, 3>>({"R1"}); }

}  // namespace
}  // namespace hocket::model
