// A worker: a thread's seat in the scheduler, with its queues, its timers and its place to sleep.
//
// The loop: find work, run it, and sleep when there is none. search() is the search order, from top to bottom.
// The standby has a seat of the same kind, and a loop of its own (standby.hpp).
// Calls: "Owner" parts only on the seat's thread; the rest from any thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/random.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/io/arrivals.hpp>
#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/fork_deque.hpp>
#include <hocket/rt/queue/next_slot.hpp>
#include <hocket/rt/queue/ready_queue.hpp>
#include <hocket/rt/sched/counters.hpp>
#include <hocket/rt/sched/op_budget.hpp>
#include <hocket/rt/sched/poll_clock.hpp>
#include <hocket/rt/sched/reactor_stay.hpp>
#include <hocket/rt/sched/run_meter.hpp>
#include <hocket/rt/sched/urgency.hpp>
#include <hocket/rt/sched/wake_lead.hpp>
#include <hocket/rt/time/timer_shard.hpp>

namespace hocket::rt {

class scheduler;
struct poll_report;

enum class seat_kind { worker, standby };

class alignas(cache_line) worker {
 public:
  worker(scheduler& sched, unsigned index, seat_kind kind, std::uint64_t seed);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  scheduler& sched() const noexcept { return sched_; }
  unsigned index() const noexcept { return index_; }
  bool is_standby() const noexcept { return kind_ == seat_kind::standby; }

  // ---- Owner: the loop.

  /// A worker's thread runs this until the scheduler stops.
  void main() noexcept;

  /// The next thing to run, by the search order; null when there is nothing anywhere. `has_leave` is for the standby,
  /// which looks beyond its own queue, and into the reactor, only while it is armed.
  runnable* find_work(bool has_leave = true) noexcept;
  void run(runnable& r) noexcept;

  /// Waits in the reactor until something comes, at most until `limit` and the earliest deadline of all shards.
  /// The caller has announced its sleep to those who publish work.
  runnable_list wait_in_reactor(nanos limit = never) noexcept;

  /// Runs the wakes that a poll gave and fires the due timers; what they make ready is in the ready queue then. Wakes
  /// another worker when there is more than this one will take at once.
  void deliver(runnable_list&& came) noexcept;

  // ---- Owner: pushing.

  void push_ready(runnable& r) noexcept;
  void push_next(runnable& r) noexcept;
  void push_fork(runnable& r) noexcept { fork_.owner().push(r); }
  runnable* pop_fork() noexcept { return fork_.owner().pop(); }
  /// As find_work() would give it: false when it is not there, or something else stands before it. Counts as a
  /// dispatch.
  bool take_back_fork(runnable& r) noexcept;

  /// While it delivers, what is pushed wakes nobody: deliver() decides once, at its end.
  bool is_delivering() const noexcept { return delivering_; }

  void enter_hog() noexcept;
  void leave_hog() noexcept;
  bool is_hogging() const noexcept { return hogs_.load(relaxed) > 0; }
  /// The same, by a hog_scope of its own and not because its function is known for it.
  bool is_declared_hog() const noexcept { return hogs_.load(relaxed) > (meter_.arms() ? 1u : 0u); }

  /// Around the resumption of a task's coroutine; after it what was noted before, which is null outside of tasks.
  void note_task(void* task) noexcept { runs_task_.store(task, relaxed); }  // order: its own handler, and hints

  bool checkpoint() noexcept;

  /// The runs of its tasks, and who hogs.
  run_meter& meter() noexcept { return meter_; }

  /// How long the task that it runs may go on without waiting.
  op_budget& budget() noexcept { return budget_; }

  /// The watch: it has been running the same thing for a tick or more.
  void let_others_pass() noexcept { urgency_.set(urgency::level::usual); }

  /// The system gives it a lower nice value while it serves events.
  bool is_favoured() const noexcept { return urgency_.is_favoured(); }
  /// What threads that this one starts are to have, and would not inherit. Owner.
  int usual_nice() const noexcept { return urgency_.usual_nice(); }

  // ---- Any thread.

  /// Takes from the head of the ready queue. Null when it is empty; `contended` is set when somebody else was faster.
  runnable* steal_ready(bool& contended) noexcept;
  runnable* steal_fork(bool& contended) noexcept;
  bool has_next() const noexcept { return !next_.looks_empty(); }
  runnable* steal_next() noexcept { return next_.thief().steal(); }

  bool has_ready() const noexcept { return !ready_.looks_empty(); }
  bool has_fork() const noexcept { return !fork_.looks_empty(); }
  std::size_t ready_size() const noexcept { return ready_.size_hint(); }
  std::size_t fork_size() const noexcept { return fork_.size_hint(); }

  timer_shard& timers() noexcept { return timers_; }
  const timer_shard& timers() const noexcept { return timers_; }
  reactor_stay& stay() noexcept { return stay_; }
  const reactor_stay& stay() const noexcept { return stay_; }
  /// How often it has gone to wait in the reactor.
  std::uint64_t stays() const noexcept { return stays_.read(); }

  /// Ends this worker's sleep, or its next one.
  void unpark() noexcept;

  /// It computes and does not come back soon: the standby may take its light work.
  bool needs_relief() const noexcept { return is_hogging() || asks_relief_.load(relaxed); }
  void ask_relief() noexcept { asks_relief_.store(true, relaxed); }  // order: a hint

  /// It was called back from the reactor, and has not come yet.
  bool awaits_reactor_wake() const noexcept;

  const worker_counters& counters() const noexcept { return counters_; }
  const runnable* runs_now() const noexcept { return runs_now_.load(relaxed); }
  bool is_asleep() const noexcept { return asleep_.load(relaxed); }
  /// The task whose coroutine runs; null outside of tasks. To be followed only on the thread itself.
  void* runs_task() const noexcept { return runs_task_.load(relaxed); }
  /// 0 before it has begun, and where stalls are not reported.
  pid_t thread_id() const noexcept { return thread_id_.load(relaxed); }

 private:
  friend class standby;
  friend class followers;

  void begin_thread() noexcept;
  void keep_house(bool before_sleep) noexcept;
  runnable* search(bool has_leave) noexcept;
  runnable* take_turn() noexcept;
  runnable* take_ready() noexcept;
  runnable* steal() noexcept;
  runnable* relieve() noexcept;
  runnable* steal_round(bool& contended) noexcept;
  runnable* steal_next_of_stuck() noexcept;
  void look_when_due() noexcept;
  void look_at_reactor() noexcept;
  void stop_searching() noexcept;
  void step_aside() noexcept;
  void park() noexcept;
  bool lie_down() noexcept;
  bool lend() noexcept;
  void get_up() noexcept;
  std::optional<nanos> announce_stay() noexcept;
  void poll(nanos timeout, runnable_list& came, poll_report& report) noexcept;
  void sleep_until(nanos deadline, runnable_list& came, poll_report& report) noexcept;
  int events_at_once(int otherwise) const noexcept;

  scheduler& sched_;
  const unsigned index_;
  const seat_kind kind_;

  // Owner only.
  bool searching_ = false;
  bool delivering_ = false;
  unsigned dispatches_ = 0;
  unsigned turn_ = 0;  // sources still to be served in this round of turns
  unsigned next_in_row_ = 0;
  poll_clock poll_clock_;
  bool poll_owed_ = false;        // the clock said so where there was no time to look
  std::size_t ahead_ = 0;         // of the ready queue, until all who came with the last look are served
  unsigned looks_put_off_ = 0;    // since that look
  arrivals arrivals_;             // of who stands by
  wake_lead wake_lead_;           // of who sleeps
  std::uint64_t stays_seen_ = 0;  // of others in the reactor, at the last look
  random_source random_;
  run_meter meter_;
  op_budget budget_;

  // Shared with thieves and wakers.
  next_slot<> next_;
  ready_queue<runnable> ready_;
  fork_deque<runnable> fork_;
  timer_shard timers_;
  reactor_stay stay_;
  own_counter stays_;
  parker parker_;

  std::atomic<unsigned> hogs_{0};  // hog scopes entered on this thread, which alone writes it
  std::atomic<bool> asks_relief_{
      false};  // what runs now has been running for long; anybody sets it, the next run clears it

  urgency urgency_;

  worker_counters counters_;
  std::atomic<const runnable*> runs_now_{nullptr};  // for dump(): an address, never followed
  std::atomic<bool> asleep_{false};                 // or lent
  std::atomic<void*> runs_task_{nullptr};
  std::atomic<pid_t> thread_id_{0};
};

}  // namespace hocket::rt
