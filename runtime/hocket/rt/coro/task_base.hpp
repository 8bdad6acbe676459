// A task: a chain of coroutines that waits and runs as one, from its root coroutine to the leaf where it stands.
//
// It is the runnable that queues carry. Its coroutine frames belong to it; what it leaves behind (a result, its
// waiters) belongs to the floor above, which derives from it. States and the cancel protocol: task_word.hpp. Waiting:
// suspend.hpp.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/coro/task_home.hpp>
#include <hocket/rt/coro/task_word.hpp>
#include <hocket/rt/sched/hog_book.hpp>

namespace hocket::rt {

class worker;
struct running_task;
struct thread_context;

class task_base : public runnable {
 public:
  /// It may be gone before a task that is done, unless it is exclusive: such homes are held.
  task_home& home() const noexcept { return *home_; }
  bool is_serial() const noexcept { return has(serial); }
  bool is_exclusive() const noexcept { return has(exclusive); }

  /// Makes a new task ready for its first step. The creator, once.
  void schedule() noexcept { home_->post(*this); }

  /// Takes the first step now, within the calling code, which runs at this task's home.
  void run_now() noexcept;

  /// Itself, or, for what runs as a part of another task, that one.
  virtual task_base& whole_task() noexcept { return *this; }
  /// The task of which it is a part and which waits for it, or null.
  virtual const task_base* part_of() const noexcept { return nullptr; }

  /// Says what it is, for a report. In a signal handler on the thread that runs it: allocates nothing, waits for
  /// nobody.
  virtual void describe(running_task&) const noexcept {}

  /// Requests cancellation, as Task.cancel does. False when the task is done already. Any thread with a reference; for
  /// a task of a serial home, only code that runs there.
  bool cancel(std::string_view message = {}) noexcept;
  /// The same, and every wait is asked to end until the request is taken back. `inherited`: told by a task that this
  /// one is a part of, and ends before.
  bool cancel_persistently(std::string_view message = {}, bool inherited = false) noexcept;
  bool is_cancelled_persistently() const noexcept { return word_.persists(); }

  std::uint32_t cancelling() const noexcept { return word_.cancelling(); }
  std::uint32_t uncancel() noexcept { return word_.uncancel(); }
  bool has_ended() const noexcept { return word_.is_done(); }
  task_word::phase phase() const noexcept { return word_.current(); }

  /// Debug mode: its steps go by way of run_observed(). Any thread that has it.
  void observe() noexcept { traits_.fetch_or(observed, relaxed); }  // order: a setting
  bool is_observed() const noexcept { return has(observed); }

  /// The message of the last cancel() that had one.
  virtual std::string cancel_message() const { return {}; }

  // --- for awaiters and promises; the running task only ---

  /// Notes where the coroutine stands and at what; the resumer commits it.
  void suspend_at(std::coroutine_handle<> h, suspend_point& point) noexcept {
    resume_point_ = h;
    suspended_at_ = &point;
    action_ = action::suspend;
  }

  /// From commit() that says "stay suspended": whoever dispatches this task after its wake calls commit() again before
  /// the coroutine resumes, unless a cancel is due.
  void ask_again() noexcept { action_ = action::ask_again; }

  /// After this task suspends, the resumer runs `successor` in place. Called from commit(): no queue needs the link.
  void run_next(task_base& successor) noexcept { next = &successor; }

  /// Control moves to `h`, a coroutine of this task.
  void note_innermost(std::coroutine_handle<> h) noexcept { resume_point_ = h; }

  /// Without symmetric transfer: the resumer goes on with `h`.
  void transfer_to(std::coroutine_handle<> h) noexcept {
    resume_point_ = h;
    action_ = action::transfer;
  }

  /// The root coroutine stands at its final suspension.
  void root_finished(std::coroutine_handle<> root) noexcept {
    resume_point_ = root;
    action_ = action::finished;
  }

  /// Throws CancelledError when one is due at this resume.
  void throw_if_cancelled() {
    if (cancel_due_) throw_cancelled();
  }

  /// For code that never suspends: throws CancelledError now when the next suspension would.
  void throw_if_cancel_owed() {
    if (word_.take_owed_cancel()) throw_cancelled();
  }

  // --- for cancel scopes, and waits that must not be cut short ---
  bool inherits_cancel() const noexcept { return word_.inherits(); }
  void set_persistent_cancel(bool on) noexcept { word_.set_persistent(on); }
  void hide_inherited_cancel(bool on) noexcept { word_.hide_inherited(on); }
  bool pause_persistent_cancel(bool on) noexcept { return word_.pause(on); }
  /// Forgets a request that no await has seen.
  void forget_owed_cancel() noexcept { (void)word_.take_owed_cancel(); }

  // --- for wakers ---

  /// Ends the task's one suspension. Whoever took its wait node out of the resource calls it, exactly once.
  friend void wake(task_base& t) noexcept {
    if (t.word_.wake()) t.home_->post_woken(t);
  }

  /// The same where several tasks wait and the wake may come of the cancel of one of them: in a serial home that one is
  /// queued in its place among them, and not when its canceller has come back.
  friend void wake_in_turn(task_base& t) noexcept {
    if (t.word_.wake()) {
      t.home_->post_woken(t);
    } else {
      queue_if_inquired(t);
    }
  }

  /// The same for a waker that would run the task itself, in place: true when it may.
  friend bool wake_in_place(task_base& t) noexcept { return t.word_.wake(); }

  // --- for who only looks at where it stands (README.md, "To look") ---

  /// True: the task is suspended, and its frames are the caller's until end_look(). Any thread with a reference.
  bool begin_look() noexcept { return word_.claim(); }
  void end_look() noexcept;

  /// The innermost coroutine; the caller owns the frames. Null when they are gone.
  std::coroutine_handle<> innermost() const noexcept { return resume_point_; }

 protected:
  explicit task_base(task_home& home) noexcept
      : traits_(static_cast<std::uint8_t>((home.is_serial() ? serial : 0) | (home.is_exclusive() ? exclusive : 0))),
        home_(&home) {}
  ~task_base() {
    if (has_ended()) std::destroy_at(&failure_);
  }

  /// From its end on: room for what it failed with, null at first.
  std::exception_ptr& failure() noexcept { return failure_; }

  /// The root coroutine: given once; taken back by finish(), which destroys it.
  void set_root(std::coroutine_handle<> root) noexcept { resume_point_ = root; }
  std::coroutine_handle<> take_root() noexcept { return std::exchange(resume_point_, {}); }

  /// The number of its function's record (sched/hog_book.hpp), and whether it is to learn from this task's runs. Before
  /// the task is scheduled.
  void set_function(std::uint16_t id, bool is_learnt_from) noexcept {
    function_ = id;
    if (is_learnt_from) traits_.store(traits_.load(relaxed) | learnt_from, relaxed);  // order: published with the task
  }
  std::uint16_t function() const noexcept { return function_; }

  /// The coroutine ended, or a cancel came before it began. Begins with mark_done(); destroys the frames, gives the
  /// result to whoever waits; gives a task to run next in place, or null. May end this object's life.
  virtual task_base* finish(bool began) noexcept = 0;

  /// Runs its coroutines until they wait or end. Gives the task that is to run next on this thread, or null.
  task_base* run_until_stop(worker* self) noexcept;
  /// The same for one that is observed. It may be gone afterwards, unless it is held.
  virtual task_base* run_observed(worker* self) noexcept { return run_until_stop(self); }

  /// True when a cancel is still owed, which wins over a value.
  bool mark_done() noexcept { return word_.finish(); }
  /// The same where nobody is told whether a cancel was accepted; cheaper.
  bool mark_done_unobserved() noexcept { return word_.finish_unobserved(); }

 private:
  enum class action : std::uint8_t { none, suspend, transfer, finished, give_way, ask_again };

  void run() noexcept final;
  void run_within(thread_context& context, unsigned traits) noexcept;
  task_base* end(bool began) noexcept;
  void resume(worker* self) noexcept;
  bool cancel_as(task_word::kind kind, std::string_view message) noexcept;
  enum class settled { requeued, at_rest };
  inline settled settle(bool asked = false) noexcept;  // in task_base.cpp, for it alone
  settled settle_request() noexcept;
  class late_answer;
  class inquiry;
  static void queue_if_inquired(const task_base& woken) noexcept;
  /// Keeps what cancel_message() gives. For tasks that are cancelled by users; any thread.
  virtual void note_message(std::string_view) noexcept {}
  [[noreturn]] void throw_cancelled();

  task_word word_;
  // One byte: the running task's own, or of whoever owns its place in a queue.
  action action_ : 3 = action::none;
  bool cancel_due_ : 1 = false;
  bool began_ : 1 = false;
  bool deferred_ : 1 = false;                 // it stands in the bulk queue because of its function, or its habit
  std::uint8_t habit_ : run_habit::bits = 0;  // how its runs went, if it is learnt from
  // Read by anybody; only `observed` may come after schedule().
  static constexpr std::uint8_t serial = 1, exclusive = 2, learnt_from = 4, observed = 8;
  bool has(std::uint8_t trait) const noexcept {
    return (traits_.load(relaxed) & trait) != 0;
  }  // order: does not change
  std::atomic<std::uint8_t> traits_;
  std::uint16_t function_ = 0;
  std::coroutine_handle<> resume_point_;  // the innermost coroutine; the root before the first step and after the last
  union {
    suspend_point* suspended_at_ = nullptr;  // the owner only
    std::exception_ptr failure_;             // from finish() on: nothing waits any more
  };
  task_home* home_;
};

/// The task whose code runs now on this thread, or null.
task_base* current_task() noexcept;

/// While it lives, a cancel request that persists is not delivered again to this task's waits: for those that would
/// only begin anew. Of the task's own code.
class cancel_pause {
 public:
  explicit cancel_pause(task_base& t) noexcept : task_(t), was_paused_(t.pause_persistent_cancel(true)) {}
  cancel_pause(const cancel_pause&) = delete;
  cancel_pause& operator=(const cancel_pause&) = delete;
  ~cancel_pause() {
    if (!was_paused_) task_.pause_persistent_cancel(false);
  }

 private:
  task_base& task_;
  const bool was_paused_;
};

inline void leaf_awaiter::finish_resume() {
  if (task_) task_->throw_if_cancelled();
}

/// `co_await turn_point()`: suspends only when the task must give way. For operations that are coroutines.
class turn_point final : public leaf_awaiter {
 public:
  bool await_ready() const noexcept { return !must_give_way(); }
  bool commit(task_base&) noexcept override { return false; }
  bool cancel(task_base&) noexcept override { return false; }
  void await_resume() { finish_resume(); }
};

inline void leaf_awaiter::stop_at(std::coroutine_handle<> h) noexcept { task_->suspend_at(h, *this); }

}  // namespace hocket::rt
