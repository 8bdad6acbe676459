// The futex call, and the four-byte mutex that stands on it.
#pragma once

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

/// Sleeps while `word` holds `expected`, until woken or until `deadline` (CLOCK_MONOTONIC; `never` for none).
/// May return early without cause. False when the deadline passed.
bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, nanos deadline = never) noexcept;

/// Wakes up to `count` threads that sleep on `word`. Async-signal-safe.
void futex_wake(const std::atomic<std::uint32_t>& word, int count = 1) noexcept;

/// A mutex in four bytes, for state that is locked briefly. Not recursive, not fair. Meets Lockable.
/// After: U. Drepper, "Futexes Are Tricky" (2011), the third mutex.
class futex_mutex {
 public:
  void lock() noexcept {
    std::uint32_t expected = free;
    // order: M1: acquires what the last unlock() released.
    if (!word_.compare_exchange_strong(expected, held, acquire, relaxed)) lock_contended();
  }

  bool try_lock() noexcept {
    std::uint32_t expected = free;
    // order: M1.
    return word_.compare_exchange_strong(expected, held, acquire, relaxed);
  }

  void unlock() noexcept {
    // order: M1: publishes the critical section; pairs with the acquire exchanges of lock().
    if (word_.exchange(free, release) == contended) futex_wake(word_, 1);
  }

 private:
  static constexpr std::uint32_t free = 0, held = 1, contended = 2;

  void lock_contended() noexcept;

  std::atomic<std::uint32_t> word_{free};
};

}  // namespace hocket::rt
