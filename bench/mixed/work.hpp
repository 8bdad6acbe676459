// The CPU work of the mixed workloads: arithmetic of a known length, counted while it is done.
//
// Length is iterations, calibrated once: a function that is preempted takes longer, and does no less.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace mixed {

inline constexpr unsigned chunk_us = 20;

class work {
 public:
  work() {
    spin(1'000'000);  // the processor is up to speed
    iterations_ = 1'000'000 * chunk_us * 1000.0 / timed(1'000'000);
    for (int i = 0; i < 4; ++i) {
      const double again = 1'000'000 * chunk_us * 1000.0 / timed(1'000'000);
      if (again > iterations_) iterations_ = again;  // the least disturbed
    }
  }

  /// Computes for `us` of an undisturbed processor.
  void burn(unsigned us) noexcept {
    for (unsigned done = 0; done < us; done += chunk_us) {
      spin(static_cast<std::uint64_t>(iterations_));
      add(1);
    }
  }

  /// Any thread.
  void add(std::uint64_t units) noexcept { mine().fetch_add(units, std::memory_order_relaxed); }
  std::uint64_t units() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& s : slots_) sum += s.units.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(64) slot {
    std::atomic<std::uint64_t> units{0};
  };
  static constexpr unsigned slots = 64;

  [[gnu::noinline]] static void spin(std::uint64_t iterations) noexcept {
    std::uint64_t x = iterations | 1;
    for (std::uint64_t i = 0; i < iterations; ++i) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
    }
    asm volatile("" : : "r"(x));
  }

  static double timed(std::uint64_t iterations) noexcept {
    timespec a, b;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    spin(iterations);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return static_cast<double>(b.tv_sec - a.tv_sec) * 1e9 + static_cast<double>(b.tv_nsec - a.tv_nsec);
  }

  // A coroutine goes from thread to thread: not to be inlined around a suspension.
  [[gnu::noinline]] std::atomic<std::uint64_t>& mine() noexcept {
    static std::atomic<unsigned> next{0};
    thread_local const unsigned index = next.fetch_add(1, std::memory_order_relaxed) % slots;
    return slots_[index].units;
  }

  double iterations_ = 0;
  slot slots_[slots];
};

inline long serial_fib(long n) { return n < 2 ? n : serial_fib(n - 1) + serial_fib(n - 2); }
inline constexpr long fib_of = 40, fib_leaf = 20;

}  // namespace mixed
