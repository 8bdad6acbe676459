// A condition: tasks that hold a lock wait, without it, until somebody who holds it tells them to look again.
//
// The line is guarded by the lock's own mutex: to join it and to let go of the lock is one step, so nobody can notify
// in between. Waking is in two steps, as in asyncio: who is notified runs, and then stands in the lock's line like
// anybody. Whoever is notified and ends with an error tells another. After: CPython 3.13, Lib/asyncio/locks.py, class
// Condition.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <limits>
#include <mutex>
#include <ostream>
#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/repr.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

struct condition_state final : counted<condition_state> {
  explicit condition_state(rt::counted_ptr<lock_state> l) noexcept : lock(std::move(l)), mutex(lock->mutex) {}

  const rt::counted_ptr<lock_state> lock;
  rt::futex_mutex& mutex;
  // guarded by mutex
  waiting_line line;
  std::size_t waiters = 0;  // in line, notified or cancelled, until they run

  // A wait for the next notification: it lets go of the lock as it begins.
  bool take_at_once() const noexcept { return false; }
  void join(waiter& w, wake_list& woken) noexcept {
    line.push_back(w);
    ++waiters;
    lock->unlock(woken);
  }
  void drop(waiter& w) noexcept { line.erase(w); }
  void leave(waiter& w, bool, wake_list&) noexcept {
    --waiters;
    if (w.is_waiting()) line.erase(w);
  }

  bool is_locked() noexcept {
    const std::lock_guard guard(mutex);
    return lock->locked;
  }
  /// Wakes the first `n`. `only_if_locked`: false when the lock is free.
  bool notify(std::size_t n, bool only_if_locked) noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (only_if_locked && !lock->locked) return false;
      for (; n > 0 && !line.empty(); --n) woken.grant(*line.pop_front());
    }
    woken.wake_all();
    return true;
  }

  class notified final : public wait_at<condition_state> {
   public:
    explicit notified(condition_state& s) noexcept : wait_at(s) {}
    bool await_ready() const noexcept { return false; }
    void await_resume() { finish_wait(); }
    /// Once it is over: false when the task was cancelled before it let go of the lock.
    bool let_go_of_lock() const noexcept { return has_waited(); }
  };

  /// Tells another waiter, unless its own task could use what it was told.
  class duty_to_pass_on {
   public:
    explicit duty_to_pass_on(condition_state& s) noexcept : state_(&s) {}
    duty_to_pass_on(const duty_to_pass_on&) = delete;
    duty_to_pass_on& operator=(const duty_to_pass_on&) = delete;
    ~duty_to_pass_on() {
      if (state_) state_->notify(1, false);
    }
    void lift() noexcept { state_ = nullptr; }

   private:
    condition_state* state_;
  };

  static Coro<bool> wait(rt::counted_ptr<condition_state> s) {
    if (!s->is_locked()) throw RuntimeError("cannot wait on un-acquired lock");
    duty_to_pass_on duty(*s);
    std::exception_ptr cancelled;  // the last one
    notified notification(*s);
    try {
      co_await notification;
    } catch (const CancelledError&) {
      cancelled = std::current_exception();
    }
    const rt::cancel_pause pause(*rt::current_task());
    for (bool is_without_lock = notification.let_go_of_lock(); is_without_lock;) {
      Lock::acquire_awaiter again(*s->lock);
      try {
        co_await again;
        is_without_lock = false;
      } catch (const CancelledError&) {
        cancelled = std::current_exception();
      }
    }
    if (cancelled) std::rethrow_exception(cancelled);
    duty.lift();
    co_return true;
  }

  template <class R, class Predicate>
  static Coro<R> wait_until(rt::counted_ptr<condition_state> s, Predicate predicate) {
    for (;;) {
      R result = predicate();
      if (static_cast<bool>(result)) co_return result;
      co_await wait(s);
    }
  }
};

}  // namespace sync

/// A lock, and a line of those who wait, without it, for a change of what it guards. A copy is the same condition; any
/// loop, worker or thread may use it. Mirrors asyncio.Condition.
class Condition {
 public:
  /// With a lock of its own.
  Condition() : Condition(Lock()) {}
  /// With a lock that others, other conditions among them, may share.
  explicit Condition(const Lock& lock) : lock_(lock), state_(new sync::condition_state(lock.state_)) {}

  /// The lock's. Mirror Condition.acquire, release, locked; guard() stands for `async with`.
  Lock::acquire_awaiter acquire() const noexcept { return lock_.acquire(); }
  Lock::guard_awaiter guard() const noexcept { return lock_.guard(); }
  void release() const { lock_.release(); }
  bool locked() const noexcept { return lock_.locked(); }
  void acquire_blocking(OptionalDelay timeout = {}) const { lock_.acquire_blocking(timeout); }
  LockGuard guard_blocking(OptionalDelay timeout = {}) const { return lock_.guard_blocking(timeout); }

  /// Releases the lock, waits for a notification, acquires the lock again; gives true. Others may have run in between,
  /// and it may return without cause: look again at what you wait for. Cancelled, however often: acquires the lock
  /// first, then throws the last CancelledError; a notification that it had goes to another waiter. Throws RuntimeError
  /// "cannot wait on un-acquired lock". Mirrors Condition.wait.
  Coro<bool> wait() const { return sync::condition_state::wait(state_); }

  /// wait()s until `predicate()`, called with the lock held, gives what is true as a condition; gives that. Throws what
  /// the predicate does. Mirrors Condition.wait_for.
  template <class Predicate>
  auto wait_for(Predicate&& predicate) const {
    HOCKET_REQUIRE_SAFE_CALLABLE(Predicate);
    using R = std::decay_t<std::invoke_result_t<std::decay_t<Predicate>&>>;
    static_assert(std::constructible_from<bool, R&>, "wait_for takes a predicate: it gives what can be true or false");
    return sync::condition_state::wait_until<R, std::decay_t<Predicate>>(state_, std::forward<Predicate>(predicate));
  }

  /// wait() for a plain thread that holds the lock: sleeps, `timeout` of real time at most, and returns with the lock;
  /// so it does when it throws TimeoutError. Throws RuntimeError on a worker and in a running loop. An extension.
  void wait_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Condition.wait_blocking()", "wait()");
    if (!locked()) throw RuntimeError("cannot wait on un-acquired lock");
    const bool told = sync::thread_waiter::try_wait(*state_, sync::deadline_of(timeout));
    sync::thread_waiter::wait(*state_->lock, rt::never);
    if (!told) throw TimeoutError();
  }

  /// Wakes the first `n` who wait; they run when they have the lock. Any task or thread, while the lock is held.
  /// Throws RuntimeError "cannot notify on un-acquired lock". Mirrors Condition.notify.
  void notify(std::size_t n = 1) const {
    if (!state_->notify(n, true)) throw RuntimeError("cannot notify on un-acquired lock");
  }
  /// The same for all. Mirrors Condition.notify_all.
  void notify_all() const { notify(std::numeric_limits<std::size_t>::max()); }

  friend bool operator==(const Condition& a, const Condition& b) noexcept { return a.state_ == b.state_; }

  /// `<asyncio.locks.Condition object at 0x7f... [locked, waiters:1]>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const Condition& c) {
    const std::lock_guard guard(c.state_->mutex);
    return out << sync::object_text("Condition", c.state_.get(), c.state_->lock->locked ? "locked" : "unlocked",
                                    c.state_->waiters);
  }

 private:
  Lock lock_;
  rt::counted_ptr<sync::condition_state> state_;
};

}  // namespace hocket
