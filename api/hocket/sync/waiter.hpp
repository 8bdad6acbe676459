// What the primitives of this room share: a counted state under one mutex, and the node by which a task waits at it.
//
// A handle (Lock, Event, Queue and the rest) is a reference to its state; copies are the same object. Who waits holds a
// reference of its own, so the state outlives the last handle while anyone waits. The life of a wait and who may touch
// its node: README.md. A thread that waits: thread_wait.hpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/coro/base_exception.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/coro/task_base.hpp>

namespace hocket::sync {

/// Base of a state that lives as long as somebody refers to it. Any thread.
template <class State>
class counted {
 public:
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  // order: relaxed: who adds a reference has one.
  void add_ref() noexcept { references_.fetch_add(1, rt::relaxed); }
  void release_ref() noexcept {
    // order: W1: what every owner did comes before the end: each release pairs with the last one's acquire.
    if (references_.fetch_sub(1, rt::acq_rel) == 1) delete static_cast<State*>(this);
  }

 protected:
  counted() = default;
  ~counted() = default;

 private:
  std::atomic<std::uint32_t> references_{0};
};

/// The node of one wait: it lives in the waiting coroutine's frame, or on the waiting thread's stack. Its fate is
/// guarded by the mutex of the state where it waits.
class waiter : public rt::leaf_awaiter, public rt::list_node<waiter> {
 public:
  enum class fate : std::uint8_t {
    unneeded,   // it did not have to wait
    waiting,    // in the state's line
    granted,    // taken by a waker, who wakes the task or thread, once; it has not run yet
    cancelled,  // taken by a canceller, who wakes the task; the task has not run yet
    over,       // the task ran on; the state keeps nothing of it
  };

  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  bool is_waiting() const noexcept { return fate_ == fate::waiting; }
  bool is_granted() const noexcept { return fate_ == fate::granted; }

  /// It came too late so often that it joins its line at the front.
  bool is_out_of_patience() const noexcept { return is_out_of_patience_; }

 protected:
  explicit waiter(bool is_out_of_patience = false) noexcept : is_out_of_patience_(is_out_of_patience) {}
  ~waiter() = default;

 private:
  friend class wake_list;
  friend class thread_waiter;
  template <class, class>
  friend class wait_at;

  fate fate_ = fate::unneeded;
  const bool is_out_of_patience_;
  waiter* next_to_wake_ = nullptr;  // the waker's, between the grant and the wake
};

using waiting_line = rt::counted_list<waiter>;

/// For a waiter that is a thread, which has no task.
void wake_thread(waiter& w) noexcept;

/// Waiters that were granted under the lock and are woken, in order, after it.
class wake_list {
 public:
  wake_list() = default;
  wake_list(const wake_list&) = delete;
  wake_list& operator=(const wake_list&) = delete;

  /// With the state's mutex held. From here on this waker owes the task its wake.
  void grant(waiter& w) noexcept {
    w.fate_ = waiter::fate::granted;
    w.next_to_wake_ = nullptr;
    (last_ ? last_->next_to_wake_ : first_) = &w;
    last_ = &w;
  }

  /// All of a line.
  void grant_all(waiting_line& line) noexcept {
    while (waiter* w = line.pop_front()) grant(*w);
  }

  /// Without the mutex. A node may be gone as soon as its task is woken, and the state with it.
  void wake_all() noexcept {
    waiter* w = std::exchange(first_, nullptr);
    last_ = nullptr;
    while (w) {
      waiter* next = w->next_to_wake_;
      if (w->task_) {
        wake(*w->task_);
      } else {
        wake_thread(*w);
      }
      w = next;
    }
  }

 private:
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

/// The usual case: the state itself says how a wait at it goes.
template <class State>
struct by_state {
  static bool take_at_once(State& s) noexcept { return s.take_at_once(); }
  static void join(State& s, waiter& w, wake_list& woken) noexcept { s.join(w, woken); }
  static void drop(State& s, waiter& w) noexcept { s.drop(w); }
  static void leave(State& s, waiter& w, bool taken, wake_list& woken) noexcept { s.leave(w, taken, woken); }
};

/// A wait at a `State`, which is `counted` and has a `mutex`. `Rule` says, with the mutex held, how the wait goes:
///
///   take_at_once(s)             what is waited for is there: takes it, and the task does not suspend
///   join(s, w, woken)           the wait begins; may grant to others
///   drop(s, w)                  a canceller took the waiter; its task has not run yet
///   leave(s, w, taken, woken)   the wait is over, once after each join: the task runs and takes what it was granted;
///   or
///                               it was cancelled (its frame ends, a thread's time is up) and hands that on; may grant
///                               to others
template <class State, class Rule = by_state<State>>
class wait_at : public waiter {
 public:
  bool await_ready() noexcept {
    if (rt::must_give_way()) {
      held_ = rt::counted_ptr<State>(state_);
      return false;
    }
    const std::lock_guard guard(state_->mutex);
    return Rule::take_at_once(*state_);
  }

  bool commit(rt::task_base&) noexcept final {
    held_ = rt::counted_ptr<State>(state_);
    wake_list woken;
    {
      const std::lock_guard guard(state_->mutex);
      // The state may have changed since await_ready().
      if (Rule::take_at_once(*state_)) return false;
      fate_ = fate::waiting;
      Rule::join(*state_, *this, woken);
    }
    woken.wake_all();
    return true;
  }

  bool cancel(rt::task_base& self) noexcept final {
    {
      const std::lock_guard guard(state_->mutex);
      if (fate_ != fate::waiting) return false;
      fate_ = fate::cancelled;
      Rule::drop(*state_, *this);
    }
    wake(self);
    return true;
  }

 protected:
  /// The handle that gives the state lives at least until the await begins.
  explicit wait_at(State& state, bool is_out_of_patience = false) noexcept
      : waiter(is_out_of_patience), state_(&state) {}
  // A frame that ends while it waits, or before it ran on, gives back what it was granted.
  ~wait_at() {
    if (fate_ != fate::unneeded && fate_ != fate::over) leave(false);
  }

  State& state() const noexcept { return *state_; }
  /// Whether the wait ever began: a task that gave way first may be cancelled before it does.
  bool has_waited() const noexcept { return fate_ != fate::unneeded; }

  /// The first thing in await_resume(). Throws CancelledError, after what was granted has been handed on.
  void finish_wait() {
    if (fate_ == fate::unneeded) return finish_resume();
    try {
      finish_resume();
      if (fate_ == fate::cancelled) throw CancelledError(task_->cancel_message());
    } catch (...) {
      leave(false);
      throw;
    }
    leave(true);
  }

 private:
  void leave(bool taken) noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(state_->mutex);
      Rule::leave(*state_, *this, taken, woken);
      fate_ = fate::over;
    }
    woken.wake_all();
  }

  State* state_;
  rt::counted_ptr<State> held_;  // from the moment it waits, or gives way
};

/// A wait as a coroutine of its own, which holds the state: what an awaiter turns into for create_task() and
/// wait_for().
template <class Awaiter, class State>
Coro<typename Awaiter::value_type> as_coro(rt::counted_ptr<State> state) {
  co_return co_await Awaiter(*state);
}

}  // namespace hocket::sync
