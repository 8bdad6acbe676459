// AsyncGenerator<T>: what an `async def` with `yield` returns. It may co_await, and gives its values one at a time with
// co_yield.
//
//   AsyncGenerator<int> ticks(int n) {
//     for (int i = 0; i < n; ++i) {
//       co_await sleep(0.1);
//       co_yield i;
//     }
//   }
//   ...
//   ASYNC_FOR(int i, ticks(3)) { print(i); }
//
// It runs inside the task that asks for the next value: no task of its own, and no tick where its body does not wait.
// Its frame ends with the generator object: leaving a loop early destroys what the body holds at once (asyncio does so
// a tick later), without running more of the body.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <iterator>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/rt/coro/promise.hpp>

namespace hocket {

template <class T>
class AsyncGenerator;

template <class T>
class async_generator_promise : public rt::promise_base {
 public:
  AsyncGenerator<T> get_return_object(std::source_location where = std::source_location::current()) noexcept;

  /// Control goes back to whoever asked.
  struct yield_awaiter {
    bool await_ready() const noexcept { return false; }
    rt::transfer_result await_suspend(std::coroutine_handle<async_generator_promise> h) const noexcept {
      auto& self = h.promise();
      // order: relaxed: see next_is_running().
      self.running_.store(false, rt::relaxed);
      return rt::transfer(*self.task(), self.consumer_);
    }
    void await_resume() const noexcept {}
  };

  template <class U>
    requires std::is_convertible_v<U&&, T>
  yield_awaiter yield_value(U&& value) {
    value_.emplace(std::forward<U>(value));
    return {};
  }
  void return_void() noexcept { running_.store(false, rt::relaxed); }
  void unhandled_exception() noexcept {
    running_.store(false, rt::relaxed);
    error_ = std::current_exception();  // not the base's: it is thrown once
  }
  void stand_at(const std::source_location& where) noexcept { promise_base::stand_at(where, true); }

  /// For the awaiters: the body runs on in the consumer's task.
  rt::transfer_result advance(std::coroutine_handle<async_generator_promise> self, rt::task_base& task,
                              std::coroutine_handle<> consumer) noexcept {
    value_.reset();
    running_.store(true, rt::relaxed);
    consumer_ = consumer;
    begin(task, consumer);
    return rt::transfer(task, self);
  }

  /// Whether somebody else awaits the next value. Exact for tasks of one serial loop; for tasks that run at the same
  /// time, which may not share a generator, it only helps to find the mistake.
  bool next_is_running() const noexcept { return running_.load(rt::relaxed); }

  void rethrow_error() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  std::optional<T>& value() noexcept { return value_; }

 private:
  std::coroutine_handle<> consumer_;
  std::optional<T> value_;
  std::exception_ptr error_;
  std::atomic<bool> running_{false};
};

/// Movable. A generator that was never asked for a value never runs. One task at a time may await its next value; the
/// tasks may differ. An exception of the body leaves at the await that met it; after it, as after the end, there are no
/// more values.
template <class T>
class [[nodiscard]] AsyncGenerator {
  static_assert(std::is_object_v<T>, "an AsyncGenerator gives values: yield a pointer instead of a reference");

 public:
  using promise_type = async_generator_promise<T>;
  using value_type = T;
  using handle = std::coroutine_handle<promise_type>;

  AsyncGenerator() = default;
  explicit AsyncGenerator(handle h) noexcept : handle_(h) {}
  AsyncGenerator(AsyncGenerator&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~AsyncGenerator() { close(); }

  class next_awaiter;
  class begin_awaiter;
  class iterator;

  /// Runs the body up to its next co_yield and gives the value; nullopt when the body has ended. Suspends only where
  /// the body does. Cancelled meanwhile: the body sees the CancelledError where it waits. Throws what the body threw,
  /// and RuntimeError when another next() has not come back yet. Mirrors anext().
  next_awaiter next() noexcept { return next_awaiter(handle_); }

  /// For ASYNC_FOR: `for (auto it = co_await gen.begin(); it != gen.end(); co_await ++it)`. Goes on where the generator
  /// stands.
  begin_awaiter begin() noexcept { return begin_awaiter(handle_); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Ends a generator that stands at a co_yield or has not begun: its locals are destroyed now.
  void close() noexcept {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

 private:
  class step;

  handle handle_;
};

/// One step of the body, as part of the awaiting task.
template <class T>
class AsyncGenerator<T>::step {
 public:
  step(const step&) = delete;
  step& operator=(const step&) = delete;

  bool await_ready() const {
    if (!handle_) return true;
    if (handle_.promise().next_is_running()) throw RuntimeError("anext(): asynchronous generator is already running");
    if (!handle_.done()) return false;
    handle_.promise().value().reset();
    return true;
  }
  template <class Promise>
  rt::transfer_result await_suspend(std::coroutine_handle<Promise> consumer,
                                    std::source_location where = std::source_location::current()) const noexcept {
    consumer.promise().stand_at(where);
    return handle_.promise().advance(handle_, *consumer.promise().task(), consumer);
  }

 protected:
  explicit step(handle h) noexcept : handle_(h) {}
  ~step() = default;

  void finish() const {
    if (handle_) handle_.promise().rethrow_error();
  }

  handle handle_;
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::next_awaiter final : public step {
 public:
  using value_type = std::optional<T>;
  explicit next_awaiter(handle h) noexcept : step(h) {}
  /// For wait_for() and create_task(). The generator stays with its owner, who must outlive it.
  operator Coro<std::optional<T>>() && { return as_coro(this->handle_); }
  std::optional<T> await_resume() const {
    this->finish();
    return this->handle_ ? std::exchange(this->handle_.promise().value(), std::nullopt) : std::nullopt;
  }

 private:
  static Coro<std::optional<T>> as_coro(handle h) { co_return co_await next_awaiter(h); }
};

template <class T>
class AsyncGenerator<T>::iterator {
 public:
  using value_type = T;

  explicit iterator(handle h) noexcept : handle_(h) {}

  /// The value, which the caller may move from.
  T&& operator*() const noexcept { return std::move(*handle_.promise().value()); }

  bool operator==(std::default_sentinel_t) const noexcept { return !handle_ || !handle_.promise().value(); }

  class [[nodiscard]] increment_awaiter final : public step {
   public:
    explicit increment_awaiter(handle h) noexcept : step(h) {}
    void await_resume() const { this->finish(); }
  };
  increment_awaiter operator++() const noexcept { return increment_awaiter(handle_); }

 private:
  handle handle_;
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::begin_awaiter final : public step {
 public:
  explicit begin_awaiter(handle h) noexcept : step(h) {}
  iterator await_resume() const {
    this->finish();
    return iterator(this->handle_);
  }
};

template <class T>
AsyncGenerator<T> async_generator_promise<T>::get_return_object(std::source_location where) noexcept {
  static_assert(rt::promise_is_found<async_generator_promise>,
                "a value that is aligned more strictly than malloc aligns");
  stand_at(where);
  return AsyncGenerator<T>(std::coroutine_handle<async_generator_promise>::from_promise(*this));
}

}  // namespace hocket

template <class T, class... Args>
struct std::coroutine_traits<hocket::AsyncGenerator<T>, Args...> {
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "a coroutine must not take T&&: the temporary is gone when it runs; take T by value");
  using promise_type = hocket::async_generator_promise<T>;
};

// clang-format off
/// `ASYNC_FOR(auto x, xs()) { ... }` stands for `async for x in xs(): ...`; break and continue work, and so does co_await inside.
/// `xs()` is any object with begin() and ++ to await. The declaration has no comma outside parentheses.
#define ASYNC_FOR(declaration, ...)                                                 \
  if (auto&& hocket_source = (__VA_ARGS__); false) {                                \
  } else                                                                            \
    for (auto hocket_item = co_await hocket_source.begin();                         \
         hocket_item != hocket_source.end(); co_await ++hocket_item)                \
      if (declaration = *hocket_item; false) {                                      \
      } else
// clang-format on
