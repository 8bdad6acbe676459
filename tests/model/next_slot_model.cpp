// The next slot: the owner puts and takes while two others take as a last resort.
#include <hocket/rt/queue/next_slot.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct job : rt::runnable {
  void run() noexcept override {}
  int taken = 0;
  model_plain<int> value{0};
};

template <class Atomics>
struct slot_world : world {
  rt::next_slot<Atomics> slot;
  job jobs[3];

  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) {
      put(jobs[0]);
      put(jobs[1]);
      take(slot.owner().take());
      put(jobs[2]);
    } else {
      take(slot.thief().steal());
      take(slot.thief().steal());
    }
  }

  void put(job& j) {
    j.value = 1;
    take(slot.owner().put(j));
  }

  void take(rt::runnable* r) {
    if (!r) return;
    MODEL_CHECK(++static_cast<job*>(r)->taken == 1 && "taken once");
    static_cast<job*>(r)->value = 2;
  }

  void at_end() override {
    take(slot.owner().take());
    for (auto& j : jobs) MODEL_CHECK(j.taken == 1 && "nothing is lost");
    MODEL_CHECK(slot.looks_empty());
  }
};

using sound = model_atomics;

TEST(next_slot_model, each_item_goes_to_exactly_one_thread) {
  expect_holds<slot_world<sound>>("next_slot, owner and 2 thieves", {.preemptions = 3});
  expect_holds<slot_world<sound>>("next_slot, owner and 2 thieves", {.preemptions = 4});
}

TEST(next_slot_model, holds_with_store_buffers) {
  expect_holds<slot_world<sound>>("next_slot, owner and 2 thieves", {.preemptions = 2, .delays = 1});
}

TEST(next_slot_model, mutants_are_caught) {
  expect_caught<slot_world<broken<"next_slot: put without the exchange">>>("put without the exchange");
  expect_caught<slot_world<broken<"next_slot: put forgets the displaced one">>>("put forgets the displaced one");
  expect_caught<slot_world<broken<"next_slot: take without the exchange">>>("take without the exchange");
}

TEST(next_slot_model, orders_are_needed) { expect_orders_needed<slot_world<sound>>({"N1"}); }

}  // namespace
}  // namespace hocket::model
