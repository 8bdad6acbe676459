// The least a C++ coroutine can be: lazy, its frame from the allocator, symmetric transfer both ways, no exception, no
// scheduler. What a runtime adds is measured against it.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace bench {

class raw_coro {
 public:
  struct promise_type {
    long value = 0;
    std::coroutine_handle<> caller = std::noop_coroutine();

    raw_coro get_return_object() { return raw_coro(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct back {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().caller;
        }
        void await_resume() noexcept {}
      };
      return back{};
    }
    void return_value(long v) noexcept { value = v; }
    void unhandled_exception() noexcept { std::terminate(); }
  };

  explicit raw_coro(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
  raw_coro(raw_coro&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  raw_coro& operator=(raw_coro&&) = delete;
  ~raw_coro() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  long await_resume() const noexcept { return handle_.promise().value; }

  /// From a function that is no coroutine: runs until the first suspension.
  void start() const { handle_.resume(); }
  bool done() const noexcept { return handle_.done(); }
  long value() const noexcept { return handle_.promise().value; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace bench
