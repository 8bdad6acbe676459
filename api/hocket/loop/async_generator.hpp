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
// two ticks later), without running more of the body. Cleanup that awaits runs where somebody awaits it, in aclose(),
// or in the loop, for a body that begins with `co_await closed_by_loop`. README.md, "Generators that are dropped".
#pragma once

#include <coroutine>
#include <exception>
#include <iterator>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/loop/generator_book.hpp>
#include <hocket/rt/coro/promise.hpp>

namespace hocket {

template <class T, class Send = void>
class AsyncGenerator;

/// What asend() leaves for the co_yield.
template <class Send>
struct sent_value {
  std::optional<Send> sent;
};
template <>
struct sent_value<void> {};

template <class T, class Send>
class async_generator_promise final : public async_generator_base, private sent_value<Send> {
 public:
  AsyncGenerator<T, Send> get_return_object(std::source_location where = std::source_location::current()) noexcept;

  struct yield_awaiter {
    async_generator_promise& self;
    bool await_ready() const noexcept { return false; }
    rt::transfer_result await_suspend(std::coroutine_handle<>) const noexcept { return self.yield(); }
    auto await_resume() const {
      self.throw_if_asked();
      if constexpr (!std::is_void_v<Send>) return std::exchange(self.sent, std::nullopt);
    }
  };

  template <class U>
    requires std::is_convertible_v<U&&, T>
  yield_awaiter yield_value(U&& value) {
    value_.emplace(std::forward<U>(value));
    return {*this};
  }

  rt::transfer_result step(rt::task_base& task, std::coroutine_handle<> consumer) noexcept {
    value_.reset();
    return this->advance(task, std::coroutine_handle<async_generator_promise>::from_promise(*this), consumer);
  }

  std::optional<T>& value() noexcept { return value_; }
  template <class U>
  void send(U&& value) {
    this->sent.emplace(std::forward<U>(value));
  }

 private:
  static bool reset(async_generator_base& self) noexcept {
    std::optional<T>& value = static_cast<async_generator_promise&>(self).value_;
    const bool had_value = value.has_value();
    value.reset();
    return had_value;
  }

  std::optional<T> value_;
};

/// Movable. A generator that was never asked for a value never runs. One task at a time may await its next value, or
/// close it; the tasks may differ. An exception of the body leaves at the await that met it; after it, as after the
/// end, there are no more values. With a second type, `AsyncGenerator<T, Send>`, co_yield gives what asend() sent:
/// `std::optional<Send>`, which is empty when the value was asked for by next().
template <class T, class Send>
class [[nodiscard]] AsyncGenerator {
  static_assert(std::is_object_v<T>, "an AsyncGenerator gives values: yield a pointer instead of a reference");

 public:
  using promise_type = async_generator_promise<T, Send>;
  using value_type = T;
  using handle = std::coroutine_handle<promise_type>;

  AsyncGenerator() = default;
  explicit AsyncGenerator(handle h) noexcept : handle_(h) {}
  AsyncGenerator(AsyncGenerator&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    if (this != &other) {
      drop(true);
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~AsyncGenerator() { drop(true); }

  class next_awaiter;
  class throw_awaiter;
  class close_awaiter;
  class begin_awaiter;
  class iterator;

  /// Runs the body up to its next co_yield and gives the value; nullopt when the body has ended. Suspends only where
  /// the body does. Cancelled meanwhile: the body sees the CancelledError where it waits. Throws what the body threw,
  /// and RuntimeError when another next() has not come back yet. Mirrors anext().
  next_awaiter next() noexcept { return next_awaiter(handle_); }

  /// The same, and the co_yield at which the body stands gives `value`. Throws TypeError when it has not begun. Mirrors
  /// agen.asend().
  template <class U>
    requires(!std::is_void_v<Send> && std::is_convertible_v<U &&, Send>)
  next_awaiter asend(U&& value) {
    if (handle_ && !handle_.promise().is_over() && !handle_.promise().is_running()) {
      if (handle_.promise().where_it_stands() == async_generator_base::stage::fresh)
        throw TypeError("can't send non-None value to a just-started async generator");
      handle_.promise().send(std::forward<U>(value));
    }
    return next();
  }

  /// The same as next(), and the co_yield at which the body stands throws `e`. A body that has not begun does not run:
  /// `e` is thrown, and the generator is over. Mirrors agen.athrow().
  throw_awaiter athrow(std::exception_ptr e) noexcept { return throw_awaiter(handle_, std::move(e)); }
  template <class E>
    requires(!std::is_convertible_v<E, std::exception_ptr>)
  throw_awaiter athrow(E e) {
    return athrow(std::make_exception_ptr(std::move(e)));
  }

  /// Ends it: the co_yield at which the body stands throws GeneratorExit, and the body runs on to its end. One that has
  /// not begun never does; of one that has ended nothing is left to do. Suspends only where the body does. Cancelled
  /// meanwhile: the body sees it. Throws what the body threw instead of ending; RuntimeError("async generator ignored
  /// GeneratorExit") when it yielded; RuntimeError when next() has not come back yet. Mirrors agen.aclose().
  close_awaiter aclose() noexcept { return close_awaiter(handle_); }

  /// For ASYNC_FOR: `for (auto it = co_await gen.begin(); it != gen.end(); co_await ++it)`. Goes on where the generator
  /// stands.
  begin_awaiter begin() noexcept { return begin_awaiter(handle_); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Ends a generator that stands at a co_yield or has not begun without running more of the body: its locals are
  /// destroyed now. So does the destructor, unless the body has asked to be closed_by_loop.
  void close() noexcept { drop(false); }

 private:
  class step;

  void drop(bool may_hand_over) noexcept {
    if (handle_) std::exchange(handle_, {}).promise().drop(may_hand_over);
  }

  handle handle_;
};

/// `co_await closed_by_loop;` in the body of an async generator, best as its first line: who drops the generator while
/// it stands at a co_yield leaves its end to the loop that it began in, which closes it as aclose() does, in a task of
/// its own, so that cleanup may await. Such a body must own what it uses: it runs on when those who called it have
/// gone. Costs nothing and does not suspend. What asyncio does with every generator (loop's asyncgen hooks). When the
/// loop is closed it ends as others do.
struct closed_by_loop_request {
  bool await_ready() const noexcept { return false; }
  template <class T, class Send>
  bool await_suspend(std::coroutine_handle<async_generator_promise<T, Send>> body) const noexcept {
    body.promise().close_by_loop();
    return false;
  }
  void await_resume() const noexcept {}
};
inline constexpr closed_by_loop_request closed_by_loop;

/// One step of the body, as part of the awaiting task.
template <class T, class Send>
class AsyncGenerator<T, Send>::step {
 public:
  step(const step&) = delete;
  step& operator=(const step&) = delete;

  bool await_ready() const {
    if (!handle_) return true;
    if (handle_.promise().is_running()) throw RuntimeError("anext(): asynchronous generator is already running");
    if (!handle_.promise().is_over()) return false;
    handle_.promise().value().reset();
    return true;
  }
  template <class Promise>
  rt::transfer_result await_suspend(std::coroutine_handle<Promise> consumer,
                                    std::source_location where = std::source_location::current()) const noexcept {
    consumer.promise().stand_at(where);
    return handle_.promise().step(*consumer.promise().task(), consumer);
  }

 protected:
  explicit step(handle h) noexcept : handle_(h) {}
  ~step() = default;

  void finish() const {
    if (handle_) handle_.promise().rethrow_error();
  }
  std::optional<T> take_value() const {
    this->finish();
    return handle_ ? std::exchange(handle_.promise().value(), std::nullopt) : std::nullopt;
  }

  handle handle_;
};

template <class T, class Send>
class [[nodiscard]] AsyncGenerator<T, Send>::next_awaiter final : public step {
 public:
  using value_type = std::optional<T>;
  explicit next_awaiter(handle h) noexcept : step(h) {}
  /// For wait_for() and create_task(). The generator stays with its owner, who must outlive it.
  operator Coro<std::optional<T>>() && { return as_coro(this->handle_); }
  std::optional<T> await_resume() const { return this->take_value(); }

 private:
  static Coro<std::optional<T>> as_coro(handle h) { co_return co_await next_awaiter(h); }
};

template <class T, class Send>
class [[nodiscard]] AsyncGenerator<T, Send>::throw_awaiter final : public step {
 public:
  using value_type = std::optional<T>;
  throw_awaiter(handle h, std::exception_ptr e) noexcept : step(h), error_(std::move(e)) {}
  /// As next()'s.
  operator Coro<std::optional<T>>() && { return as_coro(this->handle_, std::move(error_)); }
  bool await_ready() {
    if (this->handle_ && this->handle_.promise().begin_throw(std::move(error_))) return false;
    if (this->handle_ && !this->handle_.promise().is_running()) this->handle_.promise().value().reset();
    return true;
  }
  std::optional<T> await_resume() const { return this->take_value(); }

 private:
  static Coro<std::optional<T>> as_coro(handle h, std::exception_ptr e) {
    throw_awaiter step(h, std::move(e));
    co_return co_await step;
  }
  std::exception_ptr error_;
};

template <class T, class Send>
class [[nodiscard]] AsyncGenerator<T, Send>::close_awaiter final : public generator_close {
 public:
  using value_type = void;
  explicit close_awaiter(handle h) noexcept : generator_close(h ? &h.promise() : nullptr) {}
  /// As next()'s.
  operator Coro<>() && { return as_coro(generator_); }

 private:
  static Coro<> as_coro(async_generator_base* g) { co_await generator_close(g); }
};

template <class T, class Send>
class AsyncGenerator<T, Send>::iterator {
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

template <class T, class Send>
class [[nodiscard]] AsyncGenerator<T, Send>::begin_awaiter final : public step {
 public:
  explicit begin_awaiter(handle h) noexcept : step(h) {}
  iterator await_resume() const {
    this->finish();
    return iterator(this->handle_);
  }
};

template <class T, class Send>
AsyncGenerator<T, Send> async_generator_promise<T, Send>::get_return_object(std::source_location where) noexcept {
  static_assert(rt::promise_is_found<async_generator_promise>,
                "a value that is aligned more strictly than malloc aligns");
  const auto self = std::coroutine_handle<async_generator_promise>::from_promise(*this);
  this->made(self, where, &async_generator_promise::reset);
  return AsyncGenerator<T, Send>(self);
}

}  // namespace hocket

template <class T, class Send, class... Args>
struct std::coroutine_traits<hocket::AsyncGenerator<T, Send>, Args...> {
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "a coroutine must not take T&&: the temporary is gone when it runs; take T by value");
  using promise_type = hocket::async_generator_promise<T, Send>;
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
