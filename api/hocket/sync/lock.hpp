// A mutex for tasks: held across co_await, fair, in the order of arrival.
//
// States, all guarded by the state's mutex: `locked`; a line of those who wait. release() unlocks and wakes the first
// of the line, who locks when it runs. Until then the lock reads as unlocked and nobody else can have it, for acquire()
// queues while anyone live is in line. A woken waiter that is cancelled wakes the next. After: CPython 3.13,
// Lib/asyncio/locks.py, class Lock.
#pragma once

#include <cstddef>
#include <mutex>
#include <ostream>
#include <utility>

#include <hocket/loop/exceptions.hpp>
#include <hocket/sync/repr.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

struct lock_state final : counted<lock_state> {
  rt::futex_mutex mutex;
  // guarded by mutex
  bool locked = false;
  waiting_line line;        // who waits, was granted or cancelled, until its task runs
  std::size_t in_turn = 0;  // of these, how many were not cancelled

  bool take_at_once() noexcept {
    if (locked || in_turn != 0) return false;
    locked = true;
    return true;
  }
  void join(waiter& w, wake_list&) noexcept {
    line.push_back(w);
    ++in_turn;
  }
  // It keeps its place until its task runs, as in CPython; whoever is behind it is woken then.
  void drop(waiter&) noexcept { --in_turn; }
  void leave(waiter& w, bool taken, wake_list& woken) noexcept {
    if (w.is_waiting() || w.is_granted()) --in_turn;
    line.erase(w);
    if (taken) {
      locked = true;
    } else if (!locked) {
      wake_first(woken);
    }
  }
  void unlock(wake_list& woken) noexcept {
    locked = false;
    wake_first(woken);
  }
  void wake_first(wake_list& woken) noexcept {
    if (waiter* first = line.front(); first && first->is_waiting()) woken.grant(*first);
  }
};

}  // namespace sync

/// Holds a Lock until it is destroyed or told to release. Movable. Destroying it never suspends; any thread.
class [[nodiscard]] LockGuard {
 public:
  LockGuard() = default;
  explicit LockGuard(rt::counted_ptr<sync::lock_state> held) noexcept : held_(std::move(held)) {}
  LockGuard(LockGuard&&) noexcept = default;
  LockGuard& operator=(LockGuard&& other) noexcept {
    if (this != &other) {
      unlock();
      held_ = std::move(other.held_);
    }
    return *this;
  }
  ~LockGuard() { unlock(); }

  /// Before the guard's end. A lock that somebody released already is left alone.
  void release() noexcept { unlock(); }
  bool owns_lock() const noexcept { return static_cast<bool>(held_); }

 private:
  void unlock() noexcept;

  rt::counted_ptr<sync::lock_state> held_;
};

/// A mutual exclusion lock for tasks, and for threads that wait beside them. Fair: first come, first served. Not
/// recursive. A copy is the same lock; any loop, worker or thread may use it. Mirrors asyncio.Lock.
class Lock {
 public:
  Lock() : state_(new sync::lock_state()) {}

  class [[nodiscard]] acquire_awaiter final : public sync::wait_at<sync::lock_state> {
   public:
    using value_type = bool;
    explicit acquire_awaiter(sync::lock_state& state) noexcept : wait_at(state) {}
    operator Coro<bool>() && { return sync::as_coro<acquire_awaiter>(rt::counted_ptr(&state())); }
    bool await_resume() {
      finish_wait();
      return true;
    }
  };

  class [[nodiscard]] guard_awaiter final : public sync::wait_at<sync::lock_state> {
   public:
    using value_type = LockGuard;
    explicit guard_awaiter(sync::lock_state& state) noexcept : wait_at(state) {}
    operator Coro<LockGuard>() && { return sync::as_coro<guard_awaiter>(rt::counted_ptr(&state())); }
    LockGuard await_resume() {
      finish_wait();
      return LockGuard(rt::counted_ptr(&state()));
    }
  };

  /// Waits until the lock is this task's; gives true. Does not suspend when it is free and nobody is in line.
  /// Cancelled while waiting: leaves the line; the lock goes to the next. Mirrors Lock.acquire.
  acquire_awaiter acquire() const noexcept { return acquire_awaiter(*state_); }

  /// acquire(), with a guard that releases: `auto guard = co_await lock.guard();`. Stands for `async with lock`.
  /// Keep in mind that other tasks run at each co_await while the guard is held.
  guard_awaiter guard() const noexcept { return guard_awaiter(*state_); }

  /// acquire() for a plain thread, which sleeps in the same line, `timeout` of real time at most. Throws TimeoutError
  /// after it, RuntimeError on a worker and in a running loop. An extension.
  void acquire_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Lock.acquire_blocking()", "acquire()");
    sync::thread_waiter::wait(*state_, sync::deadline_of(timeout));
  }
  /// The same, with a guard.
  LockGuard guard_blocking(OptionalDelay timeout = {}) const {
    acquire_blocking(timeout);
    return LockGuard(state_);
  }

  /// Unlocks and wakes the first in line, who runs later. Any task or thread, not only who acquired it.
  /// Throws RuntimeError "Lock is not acquired." Mirrors Lock.release.
  void release() const {
    if (!try_release(*state_)) throw RuntimeError("Lock is not acquired.");
  }

  /// Whether somebody holds it now. Any thread.
  bool locked() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->locked;
  }

  friend bool operator==(const Lock&, const Lock&) = default;

  /// `<asyncio.locks.Lock object at 0x7f... [locked, waiters:1]>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const Lock& l) {
    const std::lock_guard guard(l.state_->mutex);
    return out << sync::object_text("Lock", l.state_.get(), l.state_->locked ? "locked" : "unlocked",
                                    l.state_->line.size());
  }

 private:
  friend class Condition;
  friend class LockGuard;

  static bool try_release(sync::lock_state& state) noexcept {
    sync::wake_list woken;
    {
      const std::lock_guard guard(state.mutex);
      if (!state.locked) return false;
      state.unlock(woken);
    }
    woken.wake_all();
    return true;
  }

  rt::counted_ptr<sync::lock_state> state_;
};

inline void LockGuard::unlock() noexcept {
  if (!held_) return;
  const auto state = std::exchange(held_, {});
  Lock::try_release(*state);
}

}  // namespace hocket
