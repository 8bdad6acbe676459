// Runnables, timers and gates for the scheduler's tests. No sleeps: a test waits for what it has caused.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/time/timer_heap.hpp>

namespace hocket::rt::test {

/// A number that threads wait for.
class gate {
 public:
  void add(std::uint32_t n = 1) noexcept {
    count_.fetch_add(n, seq_cst);
    futex_wake(count_, 1 << 20);
  }
  void open() noexcept { add(); }

  /// Waits until the number is at least `n`. Blocks the thread.
  void wait(std::uint32_t n = 1) noexcept {
    for (auto seen = count_.load(seq_cst); seen < n; seen = count_.load(seq_cst)) futex_wait(count_, seen);
  }

  /// The same, burning CPU: what a hog does.
  void spin(std::uint32_t n = 1) const noexcept {
    while (count_.load(seq_cst) < n) spin_pause();
  }

  std::uint32_t count() const noexcept { return count_.load(seq_cst); }

 private:
  std::atomic<std::uint32_t> count_{0};
};

/// Calls a function each time it runs.
class job final : public runnable {
 public:
  explicit job(std::function<void()> f) : function_(std::move(f)) {}

 private:
  void run() noexcept override { function_(); }
  std::function<void()> function_;
};

class alarm final : public timer {
 public:
  explicit alarm(std::function<void()> f) : function_(std::move(f)) {}

 private:
  void run() noexcept override { function_(); }
  std::function<void()> function_;
};

inline scheduler_options with_workers(unsigned n, int standby = 0) {
  scheduler_options o;
  o.workers = n;
  o.standby = standby;
  return o;
}

}  // namespace hocket::rt::test
