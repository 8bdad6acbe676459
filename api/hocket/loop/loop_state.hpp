// An event loop, as the handles share it: its door (serial or parallel), its pool, its tasks, its callbacks.
//
// The serial door is serial_loop.hpp, the parallel one parallel_loop.hpp. Both run on a scheduler that loops of one
// process share, unless a virtual clock or a seed asks for one of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <typeinfo>
#include <vector>

#include <hocket/loop/context_state.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/loop/exception_context.hpp>
#include <hocket/loop/future_core.hpp>
#include <hocket/loop/homes.hpp>
#include <hocket/loop/unhandled.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/coro/task_home.hpp>

namespace hocket {

namespace rt {
class scheduler;
}

class task_core;
class callback;
class fd_watches;
class signal_watches;
class generator_book;
class task_scope;
class ThreadPoolExecutor;
class PendingTask;
class AnyTask;
struct TaskOptions;

/// Makes the tasks of a loop. See task_factory.hpp.
using TaskFactory = std::function<AnyTask(PendingTask&, TaskOptions)>;

/// How a loop is opened. What is left as it is comes from the environment (see `hocket env`). Loops without a clock or
/// a seed of their own share one pool: what it is like, debug's reports and the budget included, says the loop that
/// starts it; another number of workers is an error.
struct RunOptions {
  unsigned workers = 0;                    // 0: HOCKET_WORKERS
  unsigned blocking_threads = 0;           // 0: HOCKET_BLOCKING_THREADS
  std::optional<bool> standby = {};        // HOCKET_STANDBY
  std::optional<bool> virtual_clock = {};  // HOCKET_VIRTUAL_CLOCK; a pool of its own
  std::optional<std::uint64_t> seed = {};  // HOCKET_SEED; a pool of its own, one worker unless said otherwise
  std::optional<bool> debug = {};          // HOCKET_DEBUG
  std::optional<unsigned> budget = {};     // HOCKET_BUDGET
  OnUnhandled on_unhandled = OnUnhandled::at_last_handle;
};

class loop_state {
 public:
  static rt::counted_ptr<loop_state> make_serial(const RunOptions& options);
  static rt::counted_ptr<loop_state> make_parallel(const RunOptions& options);

  rt::scheduler& sched() const noexcept { return *sched_; }
  const std::shared_ptr<rt::scheduler>& shared_scheduler() const noexcept { return sched_; }

  /// Where its tasks run, where `parallel` sends them, where plain calls into the pool wait for a core.
  virtual rt::task_home& home() noexcept = 0;
  rt::task_home& pool_home() noexcept { return pool_home_; }
  rt::task_home& bulk_home() noexcept { return bulk_home_; }
  /// Where callbacks run: one at a time, in order.
  virtual rt::task_home& callback_home() noexcept = 0;

  /// Where a task that is created by the calling code runs.
  rt::task_home& home_for_new_task() noexcept;
  /// The same for the tasks that a task of `home` makes: its own home, or the pool when it is a bulk job.
  rt::task_home& home_for_child_of(rt::task_home& home) noexcept;

  /// The serial home of the calling task, or of this loop when no task calls; null when that is not serial.
  rt::task_home* serial_home_here() noexcept;

  /// Queues `r`, what follows the end of a future, to take its turn in `serial_home`, as CPython's callbacks do. False
  /// when the caller is to do it at once: that is null, or of a loop that is closed. Any thread.
  static bool queue_turn(rt::task_home* serial_home, rt::runnable& r) noexcept;

  /// Runs until `f` is done; the calling thread sleeps. Not from within a loop. Ctrl-C: see interrupts.hpp. Throws
  /// RuntimeError("Event loop stopped before Future completed.").
  void run_until_done(future_core& f) { run_claim(*this).until_done(f); }

  /// The right to run a loop, from before its first task is queued until it stands again: what that task sees is a
  /// running loop. Throws RuntimeError when it runs already, is closed, or the caller is in a loop.
  class run_claim {
   public:
    explicit run_claim(loop_state& loop);
    run_claim(const run_claim&) = delete;
    run_claim& operator=(const run_claim&) = delete;
    ~run_claim();
    /// Throws RuntimeError when stop() came first, and what escape() was told.
    void until_done(future_core& f);
    void until_stopped() { run(nullptr); }
    loop_state& loop() const noexcept { return loop_; }

   private:
    friend class loop_state;
    void run(future_core* until);

    loop_state& loop_;
  };

  bool is_running() const noexcept { return run_number() % 2 != 0; }
  bool is_closed() const noexcept { return closed_.load(rt::relaxed); }  // order: a hint to other threads
  bool debug() const noexcept { return debug_.load(rt::relaxed); }       // order: as above
  void set_debug(bool on);

  /// Ends the run that is under way when the current iteration is over, or else the next one after its first. Any
  /// thread. Mirrors stop().
  void stop();

  /// A KeyboardInterrupt or SystemExit ends the run, which throws it; the first one counts. In a serial loop nothing
  /// else runs before that, what is ready stays so. Without a run the next one throws it. Any thread.
  void escape(std::exception_ptr e) noexcept { stop_for(note_escape(std::move(e))); }
  /// In two steps, for who has to publish something in between: the first gives the run that the second ends.
  std::uint64_t note_escape(std::exception_ptr e) noexcept;
  void stop_for(std::uint64_t run) noexcept;

  // --- problems ---
  /// What an exception handler throws is reported, but KeyboardInterrupt and SystemExit end the run. Any thread.
  void call_exception_handler(const ExceptionContext& context) noexcept;
  void set_exception_handler(ExceptionHandler handler);
  std::shared_ptr<const ExceptionHandler> exception_handler() const;                     // null when none is set
  OnUnhandled on_unhandled() const noexcept { return on_unhandled_.load(rt::relaxed); }  // order: a setting
  void set_on_unhandled(OnUnhandled what) noexcept { on_unhandled_.store(what, rt::relaxed); }
  /// Debug mode says of what computes for longer without an await that waits.
  rt::nanos slow_callback_duration() const noexcept { return slow_callback_.load(rt::relaxed); }  // order: a setting
  void set_slow_callback_duration(rt::nanos d) noexcept { slow_callback_.store(d, rt::relaxed); }

  // --- what the loop watches ---
  fd_watches& descriptors() const noexcept { return *fd_watches_; }
  signal_watches& signals() const noexcept { return *signal_watches_; }

  /// Its async generators that have begun.
  generator_book& generators() const noexcept { return *generators_; }

  /// Cancels and drains what is left, closes async generators, drops callbacks, leaves the pool. With `executor_limit`
  /// it shuts the default executor down before, and waits for its calls that long. Throws RuntimeError("Cannot close a
  /// running event loop"), also to the loop's own code while it stands; "Cannot run the event loop while another loop
  /// is running" when something is left to be run and the caller is in a loop. Throws, when it is closed, the
  /// KeyboardInterrupt or SystemExit that a task ended with meanwhile.
  void close(std::optional<rt::nanos> executor_limit = {});

  /// Cancels every task and waits until all are done. Exceptions that they end with are reported. Not from within a
  /// loop.
  void cancel_leftovers();

  /// Calls `fn` through the loop, after what is ready. Any thread. Throws RuntimeError("Event loop is closed").
  rt::counted_ptr<callback> call_soon(std::function<void()> fn,
                                      std::source_location where = std::source_location::current(),
                                      rt::counted_ptr<context_state> context = nullptr);
  /// The same, null when the loop is closed.
  rt::counted_ptr<callback> try_call_soon(std::function<void()> fn,
                                          std::source_location where = std::source_location::current(),
                                          rt::counted_ptr<context_state> context = nullptr);
  /// Calls `fn` at `when`. Any thread; throws as call_soon.
  rt::counted_ptr<callback> call_at(rt::nanos when, std::function<void()> fn,
                                    std::source_location where = std::source_location::current());
  /// Calls `fn` as the loop's code. From the home of callbacks. `noted`: under which debug mode noted who made it.
  void call_as_callback(const std::function<void()>& fn, const std::function<std::string()>& handle_repr,
                        const void* noted = nullptr) noexcept;
  rt::nanos now() const noexcept { return home_clock().now(); }
  void check_closed() const;

  /// For calls that name no executor. Null: the pool's threads for calls that block.
  std::shared_ptr<const ThreadPoolExecutor> default_executor() const;
  void set_default_executor(std::shared_ptr<const ThreadPoolExecutor> executor);
  /// One more call on the pool's threads; who has made it leaves. Throws RuntimeError("Executor shutdown has been
  /// called").
  rt::counted_ptr<task_scope> enter_default_calls();
  void check_default_executor() const;
  bool uses_default_executor() const noexcept;
  /// No more calls are taken. Gives the end of those that were; null when there were none.
  rt::counted_ptr<task_scope> end_default_calls() noexcept;

  /// Null: tasks are made as they are asked for.
  std::shared_ptr<const TaskFactory> task_factory() const {
    if (!has_task_factory_.load(rt::relaxed)) return nullptr;  // order: a hint to what the mutex guards
    return locked_task_factory();
  }
  void set_task_factory(std::shared_ptr<const TaskFactory> factory);

  // --- tasks ---
  /// False when the loop takes no more.
  bool add_task(task_core& t) noexcept;
  void remove_task(task_core& t) noexcept;
  /// Not-done tasks in the order of their creation, each with a reference.
  std::vector<rt::counted_ptr<task_core>> tasks() const;
  std::size_t task_count() const noexcept;

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept;

  /// How far the virtual clocks of closed loops went, together.
  static rt::nanos virtual_time_spent() noexcept;

  /// The loop whose code the calling thread runs, or null.
  static loop_state* running_here() noexcept;

 protected:
  explicit loop_state(std::shared_ptr<rt::scheduler> sched, const RunOptions& options);
  virtual ~loop_state();

  /// A run is about to begin: its end calls `on_stop`, once, on any thread, when the loop stands still again.
  virtual void begin_run(void (*on_stop)(void*), void* argument) = 0;
  /// The run that was begun goes.
  virtual void go() = 0;
  /// Ends the run `number`, which may be over, or not have begun. Where callbacks run.
  virtual void stop_now(std::uint64_t number) = 0;
  /// The same, before anything else that is ready.
  virtual void stop_at_once(std::uint64_t number) { stop_now(number); }
  /// Odd while a run is under way.
  std::uint64_t run_number() const noexcept { return run_number_.load(rt::relaxed); }  // order: a number
  /// Runs what is still queued, when all tasks are done. From the closing thread.
  virtual void drain_queue() {}

 private:
  friend class callback;
  friend class observed_step;
  class run_end;

  enum class intake : std::uint8_t { all, insiders, none };  // insiders: its own code, and the thread that closes it
  struct alignas(rt::cache_line) registry_shard {
    mutable rt::futex_mutex mutex;
    rt::counted_list<task_core> tasks;  // guarded by mutex
    intake takes = intake::all;         // guarded by mutex
  };
  static constexpr unsigned shard_count = 8;
  registry_shard& shard_of(const task_core& t) noexcept;
  void limit_intake(intake to) noexcept;
  bool is_insider() const noexcept;

  // What the end of a run has to do, on the thread that saw it.
  struct stopping_run {
    loop_state& loop;
    class stop_signal& stopped;
    static void end(void* self);
  };

  std::shared_ptr<const TaskFactory> locked_task_factory() const;
  rt::counted_ptr<future_core> create_drain(std::vector<rt::counted_ptr<task_core>> tasks);
  template <class F>
  void run_to_the_end(F make);
  void close_generators();
  bool try_end_intake() noexcept;
  bool try_claim() noexcept;
  void end_claim() noexcept;
  void drop_callbacks();
  std::size_t callback_count() const noexcept;
  void hold_clock() noexcept;
  void release_clock() noexcept;
  const rt::task_home& home_clock() const noexcept { return pool_home_; }
  static void dump_tasks(std::FILE* out, void* self);
  void list(callback& c) noexcept;
  void unlist(callback& c) noexcept;
  bool try_arm(callback& c);

  mutable std::atomic<std::uint32_t> refs_{1};
  std::atomic<bool> closed_{false};
  std::atomic<bool> debug_{false};
  std::atomic<OnUnhandled> on_unhandled_;
  std::atomic<rt::nanos> slow_callback_{100 * rt::nanos_per_ms};
  std::atomic<std::uint64_t> run_number_{0};  // counts begins and ends of runs
  std::atomic<std::uint32_t> run_ends_{0};    // those that a future still refers to
  std::atomic<std::uint32_t> posters_{0};     // threads in queue_turn()
  std::atomic<std::uint32_t> observed_steps_{0};
  std::shared_ptr<rt::scheduler> sched_;
  pool_task_home pool_home_;
  bulk_task_home bulk_home_;
  std::array<registry_shard, shard_count> shards_;
  std::atomic<const void*> closer_{nullptr};  // the thread that closes it, by its context
  mutable rt::futex_mutex callbacks_mutex_;
  rt::counted_list<callback> callbacks_;  // guarded by callbacks_mutex_: scheduled, and not yet called to the end
  bool takes_callbacks_ = true;           // guarded by callbacks_mutex_
  mutable rt::futex_mutex settings_mutex_;
  std::shared_ptr<const ExceptionHandler> exception_handler_;  // guarded by settings_mutex_
  std::exception_ptr escaped_;                                 // guarded by settings_mutex_
  std::unique_ptr<fd_watches> fd_watches_;
  std::unique_ptr<signal_watches> signal_watches_;
  std::unique_ptr<generator_book> generators_;
  std::exception_ptr exit_;  // of what ended while the loop is closed; the closing thread's
  mutable rt::futex_mutex makers_mutex_;
  std::shared_ptr<const ThreadPoolExecutor> default_executor_;  // guarded by makers_mutex_
  rt::counted_ptr<task_scope> default_calls_;                   // guarded by makers_mutex_
  bool default_executor_is_shut_ = false;                       // guarded by makers_mutex_
  std::shared_ptr<const TaskFactory> task_factory_;             // guarded by makers_mutex_
  std::atomic<bool> has_task_factory_{false};
};

/// "<lambda>() at file.cpp:12", as far as it can be told.
std::string callback_text(const std::type_info& type, const std::source_location& where);
/// " created at file.cpp:12", as handles go on in debug mode.
std::string created_text(const std::source_location& where);

/// Something to call: what call_soon and call_later give back. Mirrors asyncio.Handle and TimerHandle.
class callback final : public rt::timer, public rt::list_node<callback> {
 public:
  /// `when`: for one that waits for a deadline. It runs in `context`, or, when that is null, in a copy of the caller's.
  callback(loop_state& loop, std::function<void()> fn, std::source_location where, std::optional<rt::nanos> when = {},
           rt::counted_ptr<context_state> context = nullptr);

  /// It will not be called, unless it is being called now. Any thread, also when the loop is gone. Mirrors
  /// Handle.cancel.
  void cancel() noexcept;
  bool cancelled() const noexcept { return cancelled_.load(rt::acquire); }  // order: C1
  const std::optional<rt::nanos>& when() const noexcept { return when_; }
  /// What it runs in. Any thread.
  context_state& context() { return context_.get(); }
  /// `<TimerHandle when=12.5 <lambda>() at file.cpp:12>`. Any thread.
  std::string repr() const;

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept;

 private:
  friend class loop_state;
  ~callback() = default;
  void run() noexcept override;

  loop_state& loop_;
  std::function<void()> fn_;
  const std::source_location where_;
  const std::type_info* const type_;  // of what fn_ holds
  const std::optional<rt::nanos> when_;
  context_slot context_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> is_listed_{false};  // written with the loop's callbacks_mutex_
  const bool has_origin_;               // made in debug mode
  mutable std::atomic<std::uint32_t> refs_{1};
};

}  // namespace hocket
