// The one door to atomics: lock-free objects are templates over this policy, so that the same source runs
// on std::atomic and, in tests/model, under an explorer that tries every interleaving.
#pragma once

#include <atomic>
#include <cstddef>

namespace hocket::rt {

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;
  template <class T>
  using plain = T;  // what an object protects by its own steps, so that a model can watch it
};

/// Two lines, because adjacent-line prefetch pairs them on x86-64.
inline constexpr std::size_t cache_line = 128;

/// Tells the core that this thread spins.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace hocket::rt
