// Those who wait for a future: each is fired once, or taken out by its owner, or told that the future is done.
#include <hocket/loop/waiter_list.hpp>

#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct waiter : waiter_node {
  model_plain<int> wait{0};  // its owner's before it is added and after it is out
  int fired = 0, taken_out = 0, late = 0;
  int place = -1;  // among those that were fired
};

// One completes; one waits and gives up; one adds two, in order, gives up the first and has the second picked out.
template <class Atomics>
class waiters_world : public world {
 public:
  unsigned threads() const override { return 3; }

  void thread(unsigned i) override {
    if (i == 0) return complete();
    if (i == 1) {
      if (wait(alone_)) give_up(alone_);
      return;
    }
    const bool waits = wait(first_);
    wait(second_);
    if (waits) give_up(first_);
    pick_out(second_);
  }

  void at_end() override {
    for (waiter* w : {&alone_, &first_, &second_}) {
      MODEL_CHECK(w->fired + w->taken_out + w->late == 1 && "one of three ends");
    }
    MODEL_CHECK(!(first_.fired && second_.fired) || first_.place < second_.place);
  }

 private:
  void complete() {
    outcome_ = 1;
    auto* w = static_cast<waiter*>(list_.close(mutex_));
    for (int place = 0; w; ++place) {
      auto* const next = static_cast<waiter*>(w->take_next());
      w->wait = w->wait + 1;
      w->place = place;
      MODEL_CHECK(++w->fired == 1);
      w = next;
    }
  }

  bool wait(waiter& w) {
    w.wait = 1;
    if (list_.add(w, mutex_)) return true;
    MODEL_CHECK(outcome_ == 1);
    w.late = 1;
    return false;
  }

  void give_up(waiter& w) {
    if (!list_.remove(w, mutex_)) return;
    w.wait = w.wait + 1;
    w.taken_out = 1;
  }

  void pick_out(waiter& wanted) {
    auto* const w = list_.take_if(
        [&](const waiter_node& n) noexcept {
          const auto& each = static_cast<const waiter&>(n);
          MODEL_CHECK(each.wait == 1);
          return &each == &wanted;
        },
        mutex_);
    MODEL_CHECK(!w || w == &wanted);
    if (!w) return;
    wanted.wait = wanted.wait + 1;
    wanted.taken_out = 1;
  }

  basic_waiter_list<model_mutex, Atomics> list_;
  model_mutex mutex_;
  model_plain<int> outcome_{0};
  waiter alone_, first_, second_;
};

using sound = model_atomics;

TEST(waiter_list_model, each_waiter_is_fired_or_taken_out_or_late) {
  expect_holds<waiters_world<sound>>("waiter_list, a closer, 3 waiters of whom 2 give up", {.preemptions = 3});
  expect_holds<waiters_world<sound>>("waiter_list, a closer, 3 waiters of whom 2 give up", {.preemptions = 4});
}

TEST(waiter_list_model, mutants_are_caught) {
  expect_caught<waiters_world<broken<"waiter_list: links behind one that may be gone">>>(
      "links behind one that may be gone");
  expect_caught<waiters_world<broken<"waiter_list: closes without looking again">>>("closes without looking again");
  expect_caught<waiters_world<broken<"waiter_list: takes itself out without looking">>>(
      "takes itself out without looking");
}

TEST(waiter_list_model, orders_are_needed) { expect_orders_needed<waiters_world<sound>>({"W1", "W2"}); }

}  // namespace
}  // namespace hocket::model
