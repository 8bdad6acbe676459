// A flag that tasks wait for.
//
// set() grants to all who wait at that moment: a clear() right behind it does not take it back.
// After: CPython 3.13, Lib/asyncio/locks.py, class Event.
#pragma once

#include <cstddef>
#include <mutex>
#include <ostream>

#include <hocket/sync/repr.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

struct event_state final : counted<event_state> {
  rt::futex_mutex mutex;
  // guarded by mutex
  bool value = false;
  waiting_line line;
  std::size_t waiters = 0;  // in line, or woken and not yet run

  bool take_at_once() const noexcept { return value; }
  void join(waiter& w, wake_list&) noexcept {
    line.push_back(w);
    ++waiters;
  }
  void drop(waiter& w) noexcept { line.erase(w); }
  void leave(waiter& w, bool, wake_list&) noexcept {
    --waiters;
    if (w.is_waiting()) line.erase(w);
  }
  void set(wake_list& woken) noexcept {
    value = true;
    woken.grant_all(line);
  }
};

}  // namespace sync

/// A flag, unset at first. A copy is the same event; any loop, worker or thread may use it. Mirrors asyncio.Event.
class Event {
 public:
  Event() : state_(new sync::event_state()) {}

  class [[nodiscard]] wait_awaiter final : public sync::wait_at<sync::event_state> {
   public:
    using value_type = bool;
    explicit wait_awaiter(sync::event_state& state) noexcept : wait_at(state) {}
    operator Coro<bool>() && { return sync::as_coro<wait_awaiter>(rt::counted_ptr(&state())); }
    bool await_resume() {
      finish_wait();
      return true;
    }
  };

  /// Waits until the flag is set; gives true. Does not suspend when it is. Mirrors Event.wait.
  wait_awaiter wait() const noexcept { return wait_awaiter(*state_); }

  /// wait() for a plain thread, which sleeps, `timeout` of real time at most. Throws TimeoutError after it,
  /// RuntimeError on a worker and in a running loop. An extension.
  void wait_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Event.wait_blocking()", "wait()");
    sync::thread_waiter::wait(*state_, sync::deadline_of(timeout));
  }

  /// Sets the flag and wakes all who wait, in the order in which they came; they run later. Any thread. Mirrors
  /// Event.set.
  void set() const noexcept {
    sync::wake_list woken;
    {
      const std::lock_guard guard(state_->mutex);
      state_->set(woken);
    }
    woken.wake_all();
  }

  /// Unsets it. Who was woken stays woken. Any thread. Mirrors Event.clear.
  void clear() const noexcept {
    const std::lock_guard guard(state_->mutex);
    state_->value = false;
  }

  /// Any thread. Mirrors Event.is_set.
  bool is_set() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->value;
  }

  friend bool operator==(const Event&, const Event&) = default;

  /// `<asyncio.locks.Event object at 0x7f... [unset, waiters:2]>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const Event& e) {
    const std::lock_guard guard(e.state_->mutex);
    return out << sync::object_text("Event", e.state_.get(), e.state_->value ? "set" : "unset", e.state_->waiters);
  }

 private:
  rt::counted_ptr<sync::event_state> state_;
};

}  // namespace hocket
