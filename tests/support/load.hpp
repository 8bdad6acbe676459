// Load for tests that must hold on a busy machine.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace hocket::support {

/// Burns CPU on `threads` threads while it lives.
class cpu_burner {
 public:
  explicit cpu_burner(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { burn(); });
  }
  cpu_burner(const cpu_burner&) = delete;
  cpu_burner& operator=(const cpu_burner&) = delete;
  ~cpu_burner() {
    stop_.store(true, std::memory_order_relaxed);
    for (auto& t : threads_) t.join();
  }

 private:
  void burn() const {
    volatile unsigned sink = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      for (unsigned i = 0; i < 1000; ++i) sink = sink + i;
    }
  }

  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Runs `body(i)` on `threads` threads that begin together, and returns when all have ended.
template <class F>
void run_together(unsigned threads, F&& body) {
  std::atomic<unsigned> ready{0};
  std::vector<std::thread> all;
  for (unsigned i = 0; i < threads; ++i) {
    all.emplace_back([&, i] {
      ready.fetch_add(1, std::memory_order_acq_rel);
      while (ready.load(std::memory_order_acquire) < threads) std::this_thread::yield();
      body(i);
    });
  }
  for (auto& t : all) t.join();
}

}  // namespace hocket::support
