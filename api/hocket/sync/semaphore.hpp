// A counter of permits that tasks take and give back, in the order of arrival.
//
// A permit is reserved when its waiter is woken, not when it runs, so nobody can take it from under it; a woken waiter
// that is cancelled gives it back, and whoever runs on passes what is left to those behind. After: CPython 3.13,
// Lib/asyncio/locks.py, classes Semaphore and BoundedSemaphore.
#pragma once

#include <cstddef>
#include <limits>
#include <mutex>
#include <ostream>
#include <string>
#include <utility>

#include <hocket/loop/exceptions.hpp>
#include <hocket/sync/repr.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

struct semaphore_state final : counted<semaphore_state> {
  static constexpr std::ptrdiff_t unbounded = std::numeric_limits<std::ptrdiff_t>::max();

  semaphore_state(std::ptrdiff_t initial, std::ptrdiff_t most) noexcept : value(initial), bound(most) {}

  rt::futex_mutex mutex;
  // guarded by mutex
  std::ptrdiff_t value;
  const std::ptrdiff_t bound;
  waiting_line line;        // who waits
  std::size_t granted = 0;  // how many have a permit reserved and have not run yet
  std::size_t waiters = 0;  // in line, granted or cancelled, until they run

  bool is_locked() const noexcept { return value == 0 || !line.empty() || granted != 0; }

  bool take_at_once() noexcept {
    if (is_locked()) return false;
    --value;
    return true;
  }
  void join(waiter& w, wake_list&) noexcept {
    line.push_back(w);
    ++waiters;
  }
  void drop(waiter& w) noexcept { line.erase(w); }
  void leave(waiter& w, bool taken, wake_list& woken) noexcept {
    --waiters;
    if (w.is_waiting()) line.erase(w);
    if (w.is_granted()) {
      --granted;
      if (!taken) ++value;
    }
    // Others may have come meanwhile and queued behind us although there are permits.
    while (value > 0 && wake_next(woken)) {
    }
  }
  bool wake_next(wake_list& woken) noexcept {
    waiter* const w = line.pop_front();
    if (!w) return false;
    --value;
    ++granted;
    woken.grant(*w);
    return true;
  }
  bool release(wake_list& woken) noexcept {
    if (value >= bound) return false;
    ++value;
    wake_next(woken);
    return true;
  }
};

}  // namespace sync

/// Holds one permit until it is destroyed or told to release. Movable. Destroying it never suspends; any thread.
class [[nodiscard]] SemaphoreGuard {
 public:
  SemaphoreGuard() = default;
  explicit SemaphoreGuard(rt::counted_ptr<sync::semaphore_state> held) noexcept : held_(std::move(held)) {}
  SemaphoreGuard(SemaphoreGuard&&) noexcept = default;
  SemaphoreGuard& operator=(SemaphoreGuard&& other) noexcept {
    if (this != &other) {
      give_back();
      held_ = std::move(other.held_);
    }
    return *this;
  }
  ~SemaphoreGuard() { give_back(); }

  /// Before the guard's end.
  void release() noexcept { give_back(); }
  bool owns_permit() const noexcept { return static_cast<bool>(held_); }

 private:
  void give_back() noexcept;

  rt::counted_ptr<sync::semaphore_state> held_;
};

/// At most `value` tasks at a time. A copy is the same semaphore; any loop, worker or thread may use it. Mirrors
/// asyncio.Semaphore.
class Semaphore {
 public:
  /// Throws ValueError "Semaphore initial value must be >= 0".
  explicit Semaphore(std::ptrdiff_t value = 1) : Semaphore(value, sync::semaphore_state::unbounded) {}

  class [[nodiscard]] acquire_awaiter final : public sync::wait_at<sync::semaphore_state> {
   public:
    using value_type = bool;
    explicit acquire_awaiter(sync::semaphore_state& state) noexcept : wait_at(state) {}
    operator Coro<bool>() && { return sync::as_coro<acquire_awaiter>(rt::counted_ptr(&state())); }
    bool await_resume() {
      finish_wait();
      return true;
    }
  };

  class [[nodiscard]] guard_awaiter final : public sync::wait_at<sync::semaphore_state> {
   public:
    using value_type = SemaphoreGuard;
    explicit guard_awaiter(sync::semaphore_state& state) noexcept : wait_at(state) {}
    operator Coro<SemaphoreGuard>() && { return sync::as_coro<guard_awaiter>(rt::counted_ptr(&state())); }
    SemaphoreGuard await_resume() {
      finish_wait();
      return SemaphoreGuard(rt::counted_ptr(&state()));
    }
  };

  /// Takes a permit; gives true. Does not suspend when there is one and nobody is in line.
  /// Cancelled while waiting: leaves the line; a permit that was reserved goes to the next. Mirrors Semaphore.acquire.
  acquire_awaiter acquire() const noexcept { return acquire_awaiter(*state_); }

  /// acquire(), with a guard that gives the permit back: `auto guard = co_await semaphore.guard();`. Stands for `async
  /// with`.
  guard_awaiter guard() const noexcept { return guard_awaiter(*state_); }

  /// acquire() for a plain thread, which sleeps in the same line, `timeout` of real time at most. Throws TimeoutError
  /// after it, RuntimeError on a worker and in a running loop. An extension.
  void acquire_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Semaphore.acquire_blocking()", "acquire()");
    sync::thread_waiter::wait(*state_, sync::deadline_of(timeout));
  }
  /// The same, with a guard.
  SemaphoreGuard guard_blocking(OptionalDelay timeout = {}) const {
    acquire_blocking(timeout);
    return SemaphoreGuard(state_);
  }

  /// Gives a permit back and wakes the first in line, who runs later. Any thread.
  /// A BoundedSemaphore throws ValueError "BoundedSemaphore released too many times". Mirrors Semaphore.release.
  void release() const {
    if (!try_release(*state_)) throw ValueError("BoundedSemaphore released too many times");
  }

  /// Whether acquire() would wait. Any thread. Mirrors Semaphore.locked.
  bool locked() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->is_locked();
  }

  friend bool operator==(const Semaphore&, const Semaphore&) = default;

  /// `<asyncio.locks.Semaphore object at 0x7f... [unlocked, value:2]>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const Semaphore& s) {
    const sync::semaphore_state& state = *s.state_;
    const std::lock_guard guard(s.state_->mutex);
    return out << sync::object_text(state.bound == state.unbounded ? "Semaphore" : "BoundedSemaphore", &state,
                                    state.is_locked() ? "locked" : "unlocked, value:" + std::to_string(state.value),
                                    state.waiters);
  }

 protected:
  Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound) {
    if (value < 0) throw ValueError("Semaphore initial value must be >= 0");
    state_ = rt::counted_ptr(new sync::semaphore_state(value, bound));
  }

 private:
  friend class SemaphoreGuard;

  static bool try_release(sync::semaphore_state& state) noexcept {
    sync::wake_list woken;
    {
      const std::lock_guard guard(state.mutex);
      if (!state.release(woken)) return false;
    }
    woken.wake_all();
    return true;
  }

  rt::counted_ptr<sync::semaphore_state> state_;
};

/// A Semaphore that refuses more releases than acquires. Mirrors asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, value) {}
};

inline void SemaphoreGuard::give_back() noexcept {
  if (!held_) return;
  const auto state = std::exchange(held_, {});
  Semaphore::try_release(*state);
}

}  // namespace hocket
