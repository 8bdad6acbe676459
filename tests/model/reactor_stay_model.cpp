// An armed timer is served in time: who waits in the reactor does not wait beyond the earliest deadline, however
// arming, cancelling and its way into the reactor fall together.
//
// The sleeper is worker::wait_in_reactor, the others scheduler::arm and cancel, each with a shard of its own.
#include <hocket/rt/sched/reactor_stay.hpp>

#include <algorithm>

#include "model_reactor.hpp"
#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

template <class Atomics, bool Calls = true>
struct timers_world : world {
  static constexpr unsigned sleeper = 2;

  rt::basic_reactor_stay<Atomics> stay;
  typename Atomics::template atomic<rt::nanos> earliest[2] = {rt::never, rt::never};
  model_reactor reactor;
  rt::nanos sleeps_until = 0;

  unsigned threads() const override { return 3; }
  bool is_daemon(unsigned i) const override { return i == sleeper; }

  void thread(unsigned i) override {
    switch (i) {
      case 0:  // one that changes its mind
        arm(0, 10);
        cancel(0);
        arm(0, 30);
        break;
      case 1:
        arm(1, 20);
        break;
      case sleeper:
        for (;;) {
          if (const auto until = stay.announce([this] { return earliest_deadline(); })) {
            sleeps_until = *until;
            reactor.poll();
            sleeps_until = 0;
          }
          stay.leave();
        }
    }
  }

  void arm(unsigned shard, rt::nanos deadline) {
    earliest[shard].store(deadline, rt::seq_cst);
    if (Calls && stay.call_if_beyond(deadline)) reactor.wake();
  }
  void cancel(unsigned shard) { earliest[shard].store(rt::never, rt::seq_cst); }
  rt::nanos earliest_deadline() { return std::min(earliest[0].load(rt::seq_cst), earliest[1].load(rt::seq_cst)); }

  void at_end() override { MODEL_CHECK(sleeps_until <= 20 && "nobody sleeps beyond the earliest deadline"); }
};

/// The same with one who arms: the deadline that is left is later than the one that was cancelled.
template <class Atomics>
struct later_timer_world : timers_world<Atomics> {
  void thread(unsigned i) override {
    if (i != 1) timers_world<Atomics>::thread(i);
  }
  void at_end() override { MODEL_CHECK(this->sleeps_until <= 30 && "nobody sleeps beyond the deadline that is left"); }
};

using sound = model_atomics;

TEST(reactor_stay_model, nobody_sleeps_beyond_the_earliest_deadline) {
  expect_holds<timers_world<sound>>("reactor stay, two who arm, one cancels", {.preemptions = 3});
  expect_holds<timers_world<sound>>("reactor stay, two who arm, one cancels", {.preemptions = 4});
  expect_holds<later_timer_world<sound>>("reactor stay, one armed, cancelled, armed later", {.preemptions = 4});
}

TEST(reactor_stay_model, holds_with_store_buffers) {
  expect_holds<timers_world<sound>>("reactor stay, two who arm, one cancels", {.preemptions = 2, .delays = 1});
}

TEST(reactor_stay_model, mutants_are_caught) {
  expect_caught<later_timer_world<broken<"reactor_stay: waits until another time than it announced">>>(
      "waits until another time than it announced");
  expect_caught<timers_world<broken<"reactor_stay: does not look again">>>("does not look again");
  expect_caught<timers_world<sound, false>>("who arms calls nobody");
}

}  // namespace
}  // namespace hocket::model
