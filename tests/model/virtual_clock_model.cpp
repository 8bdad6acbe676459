// The virtual clock on top of sleep: time does not pass over what a job does that is already on its way, and passes as
// soon as nothing is.
//
// A stranger posts a job and lets go of time; the job, as its last act, holds it. The loop and the way to sleep are
// those of sched/worker.cpp, step for step, without a standby.
#include <hocket/rt/park/idle_set.hpp>
#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/injection_queue.hpp>
#include <hocket/rt/time/virtual_clock.hpp>

#include "model_reactor.hpp"
#include "model_test.hpp"
#include "weaken.hpp"

namespace hocket::model {
namespace {

struct job : rt::runnable {
  void run() noexcept override {}
};

enum class habit {
  correct,
  lets_go_before_it_posts,
  looks_at_queues_only,
  looks_at_sleepers_only,
  offers_no_jump,
  lets_go_silently
};

template <class Atomics, unsigned Workers, habit Habit = habit::correct>
struct virtual_world : world {
  static constexpr rt::nanos deadline = 1000;
  static constexpr int nobody = -1;

  rt::basic_virtual_clock<Atomics> clock;
  rt::idle_set<Atomics, model_mutex> idle{Workers};
  rt::basic_parker<Atomics, model_futex> beds[Workers];
  rt::injection_queue<Atomics> injection;
  model_reactor reactor;
  model_atomic<int> reactor_holder{nobody};
  rt::basic_parker<Atomics, model_futex> stranger;
  model_atomic<int> armed{1};  // the one timer
  bool may_jump = false;
  job last_job;

  virtual_world() { clock.hold(); }  // the stranger's

  unsigned threads() const override { return Workers + 1; }
  bool is_daemon(unsigned i) const override { return i != 0; }
  void thread(unsigned i) override {
    if (i > 0) return work(i - 1);
    if constexpr (Habit == habit::lets_go_before_it_posts) let_go();
    injection.push(last_job);
    wake_one();
    if constexpr (Habit != habit::lets_go_before_it_posts) let_go();
    stranger.park();  // until the job holds time
    may_jump = true;
    let_go();
  }

  void let_go() {
    if (clock.release() && Habit != habit::lets_go_silently) reactor.wake();
  }

  void wake_one() {
    const int sleeper = idle.worker_to_wake();
    if (sleeper >= 0 && beds[sleeper].unpark() == rt::token_calls::reactor) reactor.wake();
  }

  void work(unsigned self) {
    bool searching = false;
    for (;;) {
      if (!searching) searching = idle.try_begin_search();
      if (injection.pop()) {
        if (std::exchange(searching, false) && idle.end_search() && has_work()) wake_one();
        clock.hold();
        (void)stranger.unpark();
      } else if (lie_down(self, searching)) {
        sleep(self);
        searching = !idle.unpark_self(self);
        if (reactor_holder.peek() == static_cast<int>(self)) reactor_holder.store(nobody);
      }
    }
  }

  bool lie_down(unsigned self, bool& searching) {
    if (!idle.park(self, std::exchange(searching, false)) || !has_work()) return true;
    idle.unpark_self(self, true);
    searching = true;
    yield();  // another may hold the queue's try-lock
    return false;
  }

  void sleep(unsigned self) {
    int expected = nobody;
    if (!reactor_holder.compare_exchange_strong(expected, static_cast<int>(self))) {
      if (Habit != habit::offers_no_jump && all_asleep()) reactor.wake();
      beds[self].park();
      return;
    }
    if (!beds[self].begin_reactor_wait()) return;
    if (!jump()) reactor.poll();
    beds[self].end_reactor_wait();
  }

  bool jump() {
    const auto look_around = [&] {
      const bool stands = (Habit == habit::looks_at_queues_only || all_asleep()) &&
                          (Habit == habit::looks_at_sleepers_only || !has_work());
      return stands && armed.load() != 0 ? deadline : rt::never;
    };
    if (!clock.jump(look_around)) return false;
    MODEL_CHECK(may_jump && "no jump while a hold is taken, or one is on its way");
    armed.store(0);
    return true;
  }

  bool all_asleep() { return idle.sleeping() == Workers; }
  bool has_work() { return !injection.looks_empty(); }

  void at_end() override { MODEL_CHECK(clock.now() == deadline && "time passes when nothing can run"); }
};

using sound = model_atomics;

TEST(virtual_clock_model, jumps_when_nothing_can_run_and_not_before) {
  expect_holds<virtual_world<sound, 1>>("virtual_clock, 1 worker", {.preemptions = 4});
  expect_holds<virtual_world<sound, 2>>("virtual_clock, 2 workers", {.preemptions = 3});
}

TEST(virtual_clock_model, holds_with_store_buffers) {
  expect_holds<virtual_world<sound, 2>>("virtual_clock, 2 workers", {.preemptions = 2, .delays = 1});
}

TEST(virtual_clock_model, holds_for_three_workers_in_random_orders) {
  expect_holds_sampled<virtual_world<sound, 3>>("virtual_clock, 3 workers", 1, 50'000);
}

TEST(virtual_clock_model, mutants_are_caught) {
  expect_caught<virtual_world<broken<"virtual_clock: looks at the holds only once">, 2>>(
      "looks at the holds only once");
  expect_caught<virtual_world<sound, 2, habit::lets_go_before_it_posts>>("lets go of time before it posts");
  expect_caught<virtual_world<sound, 2, habit::looks_at_queues_only>>("looks at queues only");
  expect_caught<virtual_world<sound, 2, habit::looks_at_sleepers_only>>("looks at sleepers only");
  expect_caught<virtual_world<sound, 2, habit::offers_no_jump>>("the last to fall asleep does not wake the reactor");
  expect_caught<virtual_world<sound, 2, habit::lets_go_silently>>("the last release wakes nobody");
}

TEST(virtual_clock_model, orders_name_their_pairs) { expect_orders_needed<virtual_world<sound, 1>>({}); }

}  // namespace
}  // namespace hocket::model
