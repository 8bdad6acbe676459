// The least a loop can be: bare coroutines that take turns on one thread, in a FIFO of handles.
#pragma once

#include <coroutine>
#include <deque>

namespace bench {

class raw_loop {
 public:
  void post(std::coroutine_handle<> h) { ready_.push_back(h); }

  /// `co_await loop.turn()`: the others first.
  auto turn() noexcept {
    struct awaiter {
      raw_loop& loop;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) const { loop.post(self); }
      void await_resume() const noexcept {}
    };
    return awaiter{*this};
  }

  /// Until nothing is ready.
  void run() {
    while (!ready_.empty()) {
      const std::coroutine_handle<> next = ready_.front();
      ready_.pop_front();
      next.resume();
    }
  }

 private:
  std::deque<std::coroutine_handle<>> ready_;
};

}  // namespace bench
