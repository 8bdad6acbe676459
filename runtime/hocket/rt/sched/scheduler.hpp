// The scheduler: a pool of workers, their reactor and timers, a standby, and a pool for calls that block.
//
// It runs runnables, each exactly once, and knows nothing of what they are: tasks and serial loops come from the floors
// above. Calls: any thread, unless it says otherwise. README.md tells a worker's day, and why no wake is lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/io/reactor.hpp>
#include <hocket/rt/park/idle_set.hpp>
#include <hocket/rt/queue/injection_queue.hpp>
#include <hocket/rt/sched/counters.hpp>
#include <hocket/rt/sched/cpu_pacer.hpp>
#include <hocket/rt/sched/options.hpp>
#include <hocket/rt/sched/quota_watch.hpp>
#include <hocket/rt/sched/roll.hpp>
#include <hocket/rt/time/timer_heap.hpp>
#include <hocket/rt/time/virtual_clock.hpp>

namespace hocket::rt {

class blocking_pool;
class borrower;
class followers;
class stall_report;
class standby;
class worker;

class scheduler {
 public:
  /// Starts the workers, and the standby when there is to be one. Throws std::system_error when a thread cannot be
  /// started or the reactor cannot be made; what was started by then has ended.
  explicit scheduler(const scheduler_options& asked = {});
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;
  /// Joins every thread. There must be no work left, and nobody who could post more; not from one of its own threads.
  ~scheduler();

  /// Queues `r`: on a worker of this scheduler in its own ready queue, else in the injection queue. Wakes at most one
  /// sleeper.
  void post(runnable& r) noexcept;
  void post_all(runnable_list&& list) noexcept;  // order kept

  /// For a runnable that is about to return, and for what it hands over to: as post(), but this worker comes back to it
  /// at once, so a sleeper is woken only when there is more. Never follow it by long work.
  void post_again(runnable& r) noexcept;

  /// Puts `r` into this worker's next slot, to run before its ready queue; what stood there goes to the ready queue.
  /// Wakes nobody. As post() on other threads, on the standby, within a hog_scope, and for what a look at the reactor
  /// made ready.
  void post_next(runnable& r) noexcept;

  /// Puts `r` into this worker's fork deque; into the bulk queue on the standby and on other threads. Wakes at most one
  /// sleeper.
  void post_fork(runnable& r) noexcept;

  /// Takes back the youngest of this worker's fork deque; null when it is empty, and on every other thread.
  runnable* pop_fork() noexcept;

  /// Takes `r` back from this worker's fork deque, for the caller to run it next, in place. False when it is not there,
  /// or the worker has something to see to before.
  bool take_back_fork(runnable& r) noexcept;

  /// Queues long work: workers take it when they have nothing else, the standby never does.
  void post_bulk(runnable& r) noexcept;

  /// CLOCK_MONOTONIC, or the virtual clock, which starts at 0.
  nanos now() const noexcept;
  bool has_virtual_clock() const noexcept { return plan_.virtual_clock; }
  bool is_seeded() const noexcept { return plan_.seed.has_value(); }

  /// Fires `t` at `deadline`, never before. On a worker into its own shard, else into the first; a sleeper that would
  /// sleep past it is called back. Deadlines after end_of_time are held there. May throw std::bad_alloc.
  void arm(timer& t, nanos deadline);

  /// For a timer that was armed. True: it is out and will not fire. False: it has fired, or another thread is about to
  /// fire it.
  bool cancel(timer& t) noexcept;

  reactor& io() noexcept { return *io_; }
  blocking_pool& blocking() noexcept { return *blocking_; }
  unsigned workers() const noexcept { return plan_.workers; }
  /// How many of them may run now: fewer than workers() while a CPU quota that came later allows no more.
  unsigned workers_in_service() const noexcept { return in_service_.load(relaxed); }  // order: a hint
  const scheduler_plan& plan() const noexcept { return plan_; }

  /// Whether the calling thread is a worker, or the standby, of this scheduler.
  bool runs_here() const noexcept { return this_worker() != nullptr; }

  /// Says that this thread is about to compute for long without coming back. Counted; see hog_scope.
  void arm_standby() noexcept;
  void disarm_standby() noexcept;

  /// Whether it learns which functions hog (hog_book.hpp).
  bool learns() const noexcept { return plan_.learns; }

  /// A poll point inside long work. Nearly free until it is due (HOCKET_POLL_INTERVAL); then it looks at sockets and
  /// timers, queues what they made ready where others can take it, and wakes one of them. Runs no task. True when it
  /// looked.
  bool checkpoint() noexcept;

  /// The one borrower of this scheduler's idle workers, which lives as long as the scheduler; `make` is called the
  /// first time. May throw what that does.
  borrower& borrower_made_by(std::unique_ptr<borrower> (*make)(scheduler&));

  /// From now on, until as many calls of borrow_no_more(), workers that would sleep are lent. On a worker in a
  /// hog_scope.
  void borrow_workers() noexcept;
  void borrow_no_more() noexcept;

  /// While held, the virtual clock stands. Counted: a blocking job, a thread that will post.
  void hold_virtual_time() noexcept { virtual_clock_.hold(); }
  void release_virtual_time() noexcept;

  scheduler_counters counters() const;

  /// Prints workers, queues, shards and pools, then what the hooks print. Reads without stopping anyone: a sketch.
  void dump(std::FILE* to) const;
  using dump_hook = void (*)(std::FILE*, void* argument);
  void add_dump_hook(dump_hook hook, void* argument);
  void remove_dump_hook(dump_hook hook, void* argument) noexcept;

 private:
  friend class worker;
  friend class standby;
  friend class followers;
  friend class run_meter;
  friend class stall_report;

  void start();
  void stop() noexcept;

  /// This thread's worker, when it is one of this scheduler.
  worker* this_worker() const noexcept;

  /// Call after publishing. Wakes a sleeping worker, unless one searches already.
  /// False: there was nobody to wake.
  bool wake_one() noexcept;

  /// The same, for work that the awake workers may not come to soon: if no worker can be woken, and none searches, who
  /// stands in the reactor is.
  void wake_one_or_standby() noexcept;

  /// The last searcher has found something, and goes to do it: wakes somebody for what it leaves.
  void pass_search_on() noexcept;

  borrower* borrower_in_need() const noexcept {
    // order: L1: after the caller's announcement of its sleep; pairs with borrow_workers().
    return loans_wanted_.load(seq_cst) > 0 ? borrower_.get() : nullptr;
  }
  /// Wakes one sleeper that is not lent yet, if there is a borrower.
  void call_worker_to_lend() noexcept;

  /// Calls one who stands. False: nobody does.
  bool call_stander() noexcept;

  /// Whether so many threads block in the reactor, or are about to.
  bool do_enough_stand(unsigned enough) const noexcept;

  /// Gets somebody to stand unless so many do.
  void ensure_standing(unsigned enough) noexcept;

  /// The calling thread is about to run what may be a hog: somebody else must stand in the reactor.
  void expect_hog(nanos current) noexcept;

  /// How many are to stand in the reactor while convicts run. One that the kernel favours is enough; another would use
  /// up its share of a processor that a hog runs on, and then wait for the kernel's tick.
  unsigned standers_beside_convicts(const worker& one) const noexcept;
  /// `by` comes from the reactor with something: as many others are to stand there.
  void hand_over_standing(const worker& by) noexcept;

  bool do_convicts_run() const noexcept { return convicts_.load(relaxed) > 0; }

  /// Suspects have been running lately.
  bool is_under_suspicion() const noexcept { return last_suspect_.load(seq_cst) != 0; }  // order: F1

  /// Whether any queue that a worker may take from holds something; next slots aside.
  bool has_work() const noexcept;
  /// The same for the standby: the injection queue, and what waits for workers that do not come back.
  bool has_light_work() const noexcept;

  nanos earliest_deadline() const noexcept;

  /// Fires what is due in all shards, earliest first. On a thread of this scheduler. Gives the number.
  std::size_t fire_due_timers() noexcept;

  /// Calls back from the reactor whoever would sleep there beyond `deadline`.
  void call_sleepers_beyond(nanos deadline) noexcept;
  /// `by` is back from the reactor and took a wake there: whoever else was called and has not come gets one in its
  /// place. False: nobody was.
  bool pass_reactor_wake_on(const worker& by) noexcept;

  /// At most one worker blocks in the reactor. Gives whether the caller is the one now.
  bool take_reactor(unsigned index) noexcept;
  void give_reactor_back() noexcept;
  bool is_reactor_attended() const noexcept;
  /// How often those who stand by have gone to wait in the reactor: while that grows they come back to it by
  /// themselves.
  std::uint64_t stays_so_far() const noexcept;
  bool has_reactor_holder() const noexcept { return reactor_holder_.load(seq_cst) != nobody; }  // order: T1

  /// Virtual clock. The caller has announced its sleep and holds the reactor. True: nothing could run before the next
  /// deadline, and now is that time; or operations became ready, and are in `came`.
  bool jump_clock(runnable_list& came) noexcept;
  /// The caller has announced its sleep and does not hold the reactor: if it was the last, the holder must look at the
  /// clock.
  void offer_jump() noexcept;
  bool all_asleep() const noexcept {
    // order: B2, V1: as the idle set's word, which does not count who stepped aside as asleep.
    return idle_.sleeping() + aside_.load(seq_cst) == plan_.workers;
  }

  /// Whether worker `index` is one too many under the quota.
  bool is_out_of_service(unsigned index) const noexcept {
    return index >= in_service_.load(relaxed);  // order: a hint; who waits for it to change gets a token after that
  }
  /// Looks at the quota when that is due. The watch only.
  void follow_quota(nanos now) noexcept;
  void put_in_service(unsigned workers) noexcept;
  /// Before and within long work: waits a little where the process would use up its quota.
  void pace() noexcept;

  bool is_stopping() const noexcept {
    // order: S1: pairs with the store in stop(); seq_cst, because a thread about to sleep looks here after its
    // announcement.
    return stopping_.load(seq_cst);
  }

  // Seats are added for followers, and never taken away.
  unsigned seat_count() const noexcept { return seat_count_.load(acquire); }  // order: C1: the seats are built
  worker& seat(unsigned i) const noexcept { return *seats_[i]; }
  worker& add_seat();
  /// Those of the standby and the followers begin here.
  unsigned first_extra_seat() const noexcept { return plan_.workers; }

  static constexpr int nobody = -1;

  const scheduler_plan plan_;
  std::unique_ptr<reactor> io_;
  std::vector<std::unique_ptr<worker>> seats_;  // the workers by index, the standby's, the followers'; room for all
  std::atomic<unsigned> seat_count_{0};
  std::unique_ptr<standby> standby_;      // null when there is none
  std::unique_ptr<followers> followers_;  // null when there are to be none
  std::unique_ptr<stall_report> stalls_;  // null when they are not reported
  std::unique_ptr<blocking_pool> blocking_;
  std::vector<std::thread> threads_;

  futex_mutex borrower_mutex_;
  std::unique_ptr<borrower> borrower_;  // written under borrower_mutex_, before the first loan is wanted
  std::atomic<unsigned> loans_wanted_{0};

  cpu_pacer pacer_;
  std::optional<quota_watch> quota_;  // the watch's
  std::atomic<unsigned> in_service_;  // the first so many workers
  std::atomic<unsigned> aside_{0};    // those that stepped aside, and are neither awake nor asleep

  mutable futex_mutex hooks_mutex_;
  std::vector<std::pair<dump_hook, void*>> hooks_;  // guarded by hooks_mutex_

  std::atomic<bool> stopping_{false};
  virtual_clock virtual_clock_;

  // Calls that threads of others may make: what such a call published may end the last loop, and with it the
  // scheduler, while the caller is still on its way out. The destructor waits for them.
  class outside_call {
   public:
    explicit outside_call(scheduler& sched) noexcept : sched_(sched) {
      sched_.outside_calls_.fetch_add(1, relaxed);  // order: before what it publishes, by the publication's own release
    }
    outside_call(const outside_call&) = delete;
    outside_call& operator=(const outside_call&) = delete;
    // order: O1: the last touch; pairs with the acquire in ~scheduler().
    ~outside_call() { sched_.outside_calls_.fetch_sub(1, release); }

   private:
    scheduler& sched_;
  };
  std::atomic<std::uint32_t> outside_calls_{0};

  alignas(cache_line) std::atomic<int> reactor_holder_{nobody};
  std::atomic<std::uint32_t> convicts_{0};  // that run now
  std::atomic<nanos> last_suspect_{0};      // about when one began to run; 0 when that is long ago
  alignas(cache_line) idle_set<> idle_;
  alignas(cache_line) injection_queue<> injection_;
  alignas(cache_line) injection_queue<> bulk_;

  std::optional<on_roll> roll_;  // last: on the roll only while everything else is there
};

/// Within it, the calling thread is a known hog: the standby stands by for the sockets and timers.
class hog_scope {
 public:
  explicit hog_scope(scheduler& sched) noexcept : sched_(sched) { sched_.arm_standby(); }
  hog_scope(const hog_scope&) = delete;
  hog_scope& operator=(const hog_scope&) = delete;
  ~hog_scope() { sched_.disarm_standby(); }

 private:
  scheduler& sched_;
};

}  // namespace hocket::rt
