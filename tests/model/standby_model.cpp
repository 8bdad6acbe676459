// The standby: once it is armed, work that stands behind a hog is taken, however the arming, the pushing and its way to
// rest or into the reactor fall together. And a wake of the shared reactor reaches the one it was meant for.
//
// The loop is that of sched/standby.cpp and worker::wait_in_reactor, step for step.
#include <hocket/rt/park/idle_set.hpp>
#include <hocket/rt/park/on_call.hpp>
#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/ready_queue.hpp>
#include <hocket/rt/sched/reactor_stay.hpp>

#include "model_reactor.hpp"
#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct item {
  int taken = 0;
};

enum class habit { correct, calls_before_it_pushes, enters_after_the_look, never_calls };

template <class Atomics, habit Habit = habit::correct>
struct standby_world : world {
  static constexpr unsigned standby = 2;

  rt::ready_queue<item, Atomics, 2> ready;  // of worker 0, which never comes back to it
  rt::basic_on_call<Atomics, model_futex> on_call;
  rt::basic_reactor_stay<Atomics> stay;
  model_reactor reactor;
  item items[2];

  unsigned threads() const override { return 3; }
  bool is_daemon(unsigned i) const override { return i == standby; }

  void thread(unsigned i) override {
    switch (i) {
      case 0:  // one that hogs for good, and makes others ready meanwhile
        on_call.need();
        for (auto& it : items) {
          if constexpr (Habit == habit::calls_before_it_pushes) call();
          ready.owner().push(it);
          if constexpr (Habit != habit::calls_before_it_pushes && Habit != habit::never_calls) call();
        }
        break;
      case 1:  // one that hogs for a moment
        on_call.need();
        on_call.release();
        break;
      case standby:
        stand_by();
        break;
    }
  }

  void call() {
    if (stay.call()) reactor.wake();
  }

  void stand_by() {
    for (;;) {
      if (on_call.is_needed()) {
        if (const auto r = ready.thief().steal()) {
          MODEL_CHECK(++r.item->taken == 1 && "taken once");
          continue;
        }
      }
      if (on_call.is_needed()) {
        wait_in_reactor();
      } else {
        on_call.rest([] { return false; });
      }
    }
  }

  void wait_in_reactor() {
    if constexpr (Habit == habit::enters_after_the_look) {
      if (!ready.looks_empty()) return;
      (void)stay.enter(rt::never);
      reactor.poll();
    } else {
      if (stay.enter(rt::never) && ready.looks_empty()) reactor.poll();
    }
    stay.leave();
  }

  void at_end() override {
    for (auto& it : items) MODEL_CHECK(it.taken == 1 && "work behind a hog is taken");
  }
};

enum class passing { of_wakes_taken, of_none, of_events };

// A worker and the standby wait in one reactor; a waker wants the worker, and there is an event for either.
template <class Atomics, passing Passing = passing::of_wakes_taken>
struct shared_reactor_world : world {
  rt::basic_parker<Atomics, model_futex> bed;
  rt::basic_reactor_stay<Atomics> stay;
  model_reactor reactor;
  model_atomic<int> news{0};

  unsigned threads() const override { return 3; }
  bool is_daemon(unsigned i) const override { return i == 0; }

  void thread(unsigned i) override {
    switch (i) {
      case 0:  // the standby
        for (;;) {
          bool took_wake = false, came_back = stay.enter(rt::never);
          if (came_back) took_wake = reactor.poll();
          stay.leave();
          if (passes_on(came_back, took_wake) && bed.is_called()) {
            reactor.wake();
            yield();
          }
        }
      case 1:  // the worker
        while (news.load() < 2) {
          if (bed.begin_reactor_wait()) {
            reactor.poll();
            bed.end_reactor_wait();
          }
        }
        break;
      case 2:
        for (int n = 0; n < 2; ++n) {
          news.fetch_add(1);
          if (bed.unpark() == rt::token_calls::reactor) reactor.wake();
          if (n == 0) reactor.raise_event();
        }
        break;
    }
  }

  static bool passes_on(bool came_back, bool took_wake) {
    if constexpr (Passing == passing::of_none) return false;
    if constexpr (Passing == passing::of_events) return came_back && !took_wake;
    return took_wake;
  }
};

// Two stand in the reactor, and both are called with one wake, as for a timer that is due before either would be back.
template <class Atomics, bool PassesOn = true>
struct one_wake_for_two_world : world {
  rt::basic_reactor_stay<Atomics> stays[2];
  model_reactor reactor;

  unsigned threads() const override { return 3; }
  bool is_daemon(unsigned i) const override { return i < 2; }

  void thread(unsigned i) override {
    if (i == 2) {
      bool calls = false;
      for (auto& s : stays) calls |= s.call();
      if (calls) reactor.wake();
      reactor.raise_event();
      return;
    }
    for (;;) {
      const bool took_wake = stays[i].enter(rt::never) && reactor.poll();
      stays[i].leave();
      if (PassesOn && took_wake && stays[1 - i].is_called()) {
        reactor.wake();
        yield();
      }
    }
  }

  void at_end() override {
    for (auto& s : stays) MODEL_CHECK(!s.is_called() && "who was called has come");
  }
};

// Beside a worker that searches nobody calls the standby. That worker takes one item and is stuck in it for good, so
// what is left behind the hog is the standby's after all.
template <class Atomics, bool LastSearcherCalls = true>
struct searcher_world : world {
  rt::idle_set<Atomics, model_mutex> idle{2};
  rt::basic_parker<Atomics, model_futex> bed;  // of worker 1
  rt::ready_queue<item, Atomics, 2> ready;     // of worker 0, which never comes back to it
  rt::basic_reactor_stay<Atomics> stay;
  model_reactor reactor;
  item items[2];

  unsigned threads() const override { return 3; }
  bool is_daemon(unsigned i) const override { return i != 0; }

  void thread(unsigned i) override {
    switch (i) {
      case 0:
        for (auto& it : items) {
          ready.owner().push(it);
          wake_one_or_standby();
        }
        break;
      case 1:
        work();
        break;
      case 2:
        for (;;) {
          if (take()) continue;
          if (stay.enter(rt::never) && ready.looks_empty()) reactor.poll();
          stay.leave();
        }
    }
  }

  void wake_one_or_standby() {
    if (idle.worker_to_wake() >= 0) {
      if (bed.unpark() == rt::token_calls::reactor) reactor.wake();
    } else if (!idle.is_searched() && stay.call()) {
      reactor.wake();
    }
  }

  bool take() {
    for (;;) {
      const auto r = ready.thief().steal();
      if (r.outcome == rt::stole::lost) continue;
      if (r.item) MODEL_CHECK(++r.item->taken == 1 && "taken once");
      return r.item != nullptr;
    }
  }

  void work() {
    bool searching = false;
    for (;;) {
      if (!searching) searching = idle.try_begin_search();
      if (searching && take()) {
        if (idle.end_search() && LastSearcherCalls && !ready.looks_empty()) wake_one_or_standby();
        return;  // and never seen again
      }
      if (idle.park(1, std::exchange(searching, false)) && !ready.looks_empty()) {
        searching = true;
        idle.unpark_self(1, true);
        continue;
      }
      bed.park(rt::never);
      searching = !idle.unpark_self(1);
    }
  }

  void at_end() override {
    for (auto& it : items) MODEL_CHECK(it.taken == 1 && "work behind a hog is taken");
  }
};

using sound = model_atomics;

TEST(standby_model, work_behind_a_hog_is_taken) {
  expect_holds<standby_world<sound>>("standby, a hog that pushes, a short hog", {.preemptions = 3});
  expect_holds<standby_world<sound>>("standby, a hog that pushes, a short hog", {.preemptions = 4});
}

TEST(standby_model, holds_with_store_buffers) {
  expect_holds<standby_world<sound>>("standby, a hog that pushes, a short hog", {.preemptions = 2, .delays = 1});
}

TEST(standby_model, work_that_a_searcher_leaves_behind_a_hog_is_taken) {
  expect_holds<searcher_world<sound>>("standby, a hog that pushes, a searcher", {.preemptions = 3});
  expect_holds<searcher_world<sound>>("standby, a hog that pushes, a searcher", {.preemptions = 2, .delays = 1});
}

TEST(standby_model, a_wake_of_the_shared_reactor_reaches_its_worker) {
  expect_holds<shared_reactor_world<sound>>("shared reactor, a worker and the standby", {.preemptions = 3});
  expect_holds<shared_reactor_world<sound>>("shared reactor, a worker and the standby", {.preemptions = 4});
}

TEST(standby_model, one_wake_is_enough_for_two_who_were_called) {
  expect_holds<one_wake_for_two_world<sound>>("shared reactor, two called with one wake", {.preemptions = 3});
  expect_holds<one_wake_for_two_world<sound>>("shared reactor, two called with one wake", {.preemptions = 4});
}

TEST(standby_model, mutants_are_caught) {
  expect_caught<standby_world<broken<"on_call: rouses before it counts">>>("rouses before it counts");
  expect_caught<standby_world<broken<"on_call: rouse forgets the futex">>>("rouse forgets the futex");
  expect_caught<standby_world<broken<"on_call: looks before it announces its rest">>>(
      "looks before it announces its rest");
  expect_caught<standby_world<sound, habit::calls_before_it_pushes>>("calls before it pushes");
  expect_caught<standby_world<sound, habit::enters_after_the_look>>("enters the reactor after the look");
  expect_caught<standby_world<sound, habit::never_calls>>("never calls");
  expect_caught<searcher_world<sound, false>>("the last searcher calls no standby");
  expect_caught<shared_reactor_world<sound, passing::of_none>>("a swallowed wake is not passed on");
  expect_caught<one_wake_for_two_world<sound, false>>("one wake for two is not passed on");
  expect_caught<shared_reactor_world<sound, passing::of_events>>("passed on by who took none");
  expect_caught<standby_world<broken<"on_call: announces with release only">>>("announces with release only",
                                                                               {.preemptions = 2, .delays = 1});
}

TEST(standby_model, orders_are_needed) { expect_orders_needed<standby_world<sound>>({"B1", "P1"}); }

}  // namespace
}  // namespace hocket::model
