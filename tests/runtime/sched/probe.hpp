// Runnables, timers and gates for the scheduler's tests. No sleeps: a test waits for what it has caused.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

enum class hogs { declared, undeclared, blocking };

/// Every worker in a hog that ends when `release` opens. The hogs come as bulk work: anything else the standby might
/// take.
class all_workers_hog {
 public:
  all_workers_hog(scheduler& sched, gate& release, hogs kind = hogs::declared) : workers_(sched.workers()) {
    for (unsigned i = 0; i < workers_; ++i) {
      hogs_.push_back(std::make_unique<job>([this, &sched, &release, kind] {
        {
          std::optional<hog_scope> hog;
          if (kind == hogs::declared) hog.emplace(sched);
          begun_.add();
          kind == hogs::blocking ? release.wait() : release.spin();
        }
        ended_.add();
      }));
      sched.post_bulk(*hogs_.back());
    }
    begun_.wait(workers_);
  }
  ~all_workers_hog() { ended_.wait(workers_); }

 private:
  unsigned workers_;
  gate begun_, ended_;
  std::vector<std::unique_ptr<job>> hogs_;
};

}  // namespace hocket::rt::test
