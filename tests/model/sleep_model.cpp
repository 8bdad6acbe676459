// Idle set, parkers and queues together: while work waits, nobody sleeps who could take it.
//
// A worker here that takes an item is stuck in it for good. So every item needs a worker of its own, and one wake too
// few leaves an item behind: the strict form of "no wake is lost". The loop is that of sched/worker.cpp, step for step.
#include <hocket/rt/park/idle_set.hpp>
#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/injection_queue.hpp>
#include <hocket/rt/queue/ready_queue.hpp>

#include "model_reactor.hpp"
#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct job : rt::runnable {
  void run() noexcept override {}
  int taken = 0;
  model_plain<int> value{0};
};

enum class lane { ready, injection };
enum class habit {
  correct,
  looks_before_it_announces,
  wakes_before_it_pushes,
  comes_back_without_searching,
  forgets_the_lent
};
enum class quota { none, one_steps_aside, one_steps_aside_and_looks_at_nothing };  // the last worker, at any dispatch
enum class bed { own, borrowers };  // where a worker sleeps; a borrower's work is a wait that only its recall ends

template <class Atomics, unsigned Workers, lane Lane, bool Timed = false, habit Habit = habit::correct,
          bed Bed = bed::own, quota Quota = quota::none>
struct sleep_world : world {
  static constexpr unsigned takers = Lane == lane::ready ? Workers - 1 : 2;
  static constexpr unsigned jobs_count = Quota == quota::none ? takers : takers - 1;

  rt::idle_set<Atomics, model_mutex> idle{Workers};
  rt::basic_parker<Atomics, model_futex> beds[Workers];
  model_reactor borrowed[Workers];
  rt::ready_queue<rt::runnable, Atomics, 2> ready;  // of the producer, which never comes back to it
  rt::injection_queue<Atomics> injection;
  job jobs[jobs_count];

  // Thread 0 produces: as worker 0, into its own queue; or from outside, and then all the others are the workers.
  unsigned threads() const override { return Lane == lane::ready ? Workers : Workers + 1; }
  bool is_daemon(unsigned i) const override { return i != 0; }
  void thread(unsigned i) override {
    if (i == 0) return produce();
    work(Lane == lane::ready ? i : i - 1);
  }

  void produce() {
    for (auto& j : jobs) {
      if constexpr (Habit == habit::wakes_before_it_pushes) wake_one();
      j.value = 1;
      if constexpr (Lane == lane::ready) {
        ready.owner().push(j);
      } else {
        injection.push(j);
      }
      if constexpr (Habit != habit::wakes_before_it_pushes) wake_one();
    }
  }

  void wake_one() {
    const int sleeper = idle.worker_to_wake();
    if (sleeper < 0) return;
    const auto calls = beds[sleeper].unpark();
    if (calls == rt::token_calls::borrower && Habit != habit::forgets_the_lent) borrowed[sleeper].wake();
  }

  void work(unsigned self) {
    bool searching = false;
    bool timed = Timed;
    for (;;) {
      if (Quota != quota::none && self == Workers - 1 && choose(2) == 1) {
        if (searching) idle.end_search();
        if (Quota == quota::one_steps_aside && has_work()) wake_one();
        return;
      }
      if (auto* r = find(searching)) {
        if (searching && idle.end_search()) wake_one();
        MODEL_CHECK(++static_cast<job*>(r)->taken == 1 && "taken once");
        MODEL_CHECK(static_cast<job*>(r)->value == 1);
        return;  // and never seen again
      }
      if constexpr (Habit == habit::looks_before_it_announces) {
        const bool nothing = !has_work();
        idle.park(self, std::exchange(searching, false));
        if (!nothing) {
          idle.unpark_self(self, true);
          searching = true;
          continue;
        }
      } else if (idle.park(self, std::exchange(searching, false)) && has_work()) {
        searching = Habit != habit::comes_back_without_searching;
        if (!idle.unpark_self(self, searching)) searching = true;
        if constexpr (Lane == lane::injection) yield();  // another may hold the queue's try-lock
        continue;
      }
      if (Bed == bed::borrowers && idle.lend(self)) {
        if (beds[self].begin_loan()) {
          borrowed[self].poll();
          beds[self].end_loan();
        }
        idle.unpark_self(self);
        searching = false;
        continue;
      }
      beds[self].park(std::exchange(timed, false) ? 1 : rt::never);
      searching = !idle.unpark_self(self);
    }
  }

  rt::runnable* find(bool& searching) {
    if constexpr (Lane == lane::injection) {
      if (auto* r = injection.pop()) return r;
      if (!searching) searching = idle.try_begin_search();
      return searching ? injection.pop() : nullptr;
    }
    if (!searching) searching = idle.try_begin_search();
    if (!searching) return nullptr;
    for (;;) {
      const auto r = ready.thief().steal();
      if (r.outcome != rt::stole::lost) return r.item;
    }
  }

  bool has_work() { return Lane == lane::ready ? !ready.looks_empty() : !injection.looks_empty(); }

  void at_end() override {
    for (auto& j : jobs) MODEL_CHECK(j.taken == 1 && "nobody sleeps while work waits");
    MODEL_CHECK(idle.searching() == 0 && "every search ended");
  }
};

using sound = model_atomics;

TEST(sleep_model, nobody_sleeps_while_a_stuck_worker_pushes) {
  expect_holds<sleep_world<sound, 3, lane::ready>>("idle_set, 3 workers, one stuck and pushing", {.preemptions = 3});
  expect_holds<sleep_world<sound, 3, lane::ready>>("idle_set, 3 workers, one stuck and pushing", {.preemptions = 4});
}

TEST(sleep_model, nobody_sleeps_while_a_stranger_pushes) {
  expect_holds<sleep_world<sound, 2, lane::injection>>("idle_set, 2 workers and a stranger", {.preemptions = 3});
  expect_holds<sleep_world<sound, 2, lane::injection>>("idle_set, 2 workers and a stranger", {.preemptions = 4});
}

TEST(sleep_model, holds_when_sleep_may_time_out) {
  expect_holds<sleep_world<sound, 3, lane::ready, true>>("idle_set, 3 workers, timed sleep", {.preemptions = 3});
}

TEST(sleep_model, holds_with_store_buffers) {
  expect_holds<sleep_world<sound, 3, lane::ready>>("idle_set, 3 workers, one stuck and pushing",
                                                   {.preemptions = 2, .delays = 1});
  expect_holds<sleep_world<sound, 2, lane::injection>>("idle_set, 2 workers and a stranger",
                                                       {.preemptions = 2, .delays = 1});
}

TEST(sleep_model, holds_for_five_workers_in_random_orders) {
  expect_holds_sampled<sleep_world<sound, 5, lane::ready, true>>("idle_set, 5 workers, timed sleep", 1, 50'000);
  expect_holds_sampled<sleep_world<sound, 4, lane::injection>>("idle_set, 4 workers and a stranger", 2, 50'000, 1);
}

TEST(sleep_model, holds_when_sleepers_are_lent) {
  expect_holds<sleep_world<sound, 3, lane::ready, false, habit::correct, bed::borrowers>>(
      "idle_set, 3 workers, lent when idle", {.preemptions = 3});
  expect_holds<sleep_world<sound, 2, lane::injection, false, habit::correct, bed::borrowers>>(
      "idle_set, 2 workers and a stranger, lent when idle", {.preemptions = 3});
  expect_holds_sampled<sleep_world<sound, 5, lane::ready, false, habit::correct, bed::borrowers>>(
      "idle_set, 5 workers, lent when idle", 1, 50'000);
}

TEST(sleep_model, holds_when_a_worker_steps_aside) {
  using ready = sleep_world<sound, 3, lane::ready, false, habit::correct, bed::own, quota::one_steps_aside>;
  using injection = sleep_world<sound, 2, lane::injection, false, habit::correct, bed::own, quota::one_steps_aside>;
  expect_holds<ready>("idle_set, 3 workers, one steps aside", {.preemptions = 3});
  expect_holds<injection>("idle_set, 2 workers and a stranger, one steps aside", {.preemptions = 3});
  expect_holds<injection>("idle_set, 2 workers and a stranger, one steps aside", {.preemptions = 2, .delays = 1});
}

TEST(sleep_model, mutants_are_caught) {
  expect_caught<sleep_world<sound, 2, lane::injection, false, habit::correct, bed::own,
                            quota::one_steps_aside_and_looks_at_nothing>>("who steps aside looks at nothing");
  expect_caught<sleep_world<sound, 3, lane::ready, false, habit::forgets_the_lent, bed::borrowers>>(
      "the borrower is not asked");
  expect_caught<sleep_world<broken<"idle_set: no re-check">, 3, lane::ready>>("no re-check");
  expect_caught<sleep_world<broken<"idle_set: the last searcher wakes nobody">, 3, lane::ready>>(
      "the last searcher wakes nobody");
  expect_caught<sleep_world<sound, 2, lane::injection, false, habit::comes_back_without_searching>>(
      "the finder of a re-check comes back without searching");
  // tokio's rule.
  expect_caught<sleep_world<broken<"idle_set: only a searcher re-checks">, 2, lane::injection>>(
      "only a searcher re-checks");
  expect_caught<sleep_world<broken<"parker: unpark leaves no token with one who is awake">, 3, lane::ready>>(
      "parker: unpark leaves no token with one who is awake");
  expect_caught<sleep_world<sound, 3, lane::ready, false, habit::looks_before_it_announces>>(
      "looks before it announces");
  expect_caught<sleep_world<sound, 3, lane::ready, false, habit::wakes_before_it_pushes>>("wakes before it pushes");
}

TEST(sleep_model, a_quiet_push_is_caught_with_store_buffers) {
  using quiet = broken<"ready_queue: push publishes with release only">;
  EXPECT_TRUE((explore(make<sleep_world<quiet, 3, lane::ready>>, {.preemptions = 2}).holds))
      << "invisible without buffers";
  expect_caught<sleep_world<quiet, 3, lane::ready>>("ready_queue: push publishes with release only",
                                                    {.preemptions = 2, .delays = 1});
}

TEST(sleep_model, orders_are_needed) { expect_orders_needed<sleep_world<sound, 3, lane::ready>>({"P1", "R1"}); }

}  // namespace
}  // namespace hocket::model
