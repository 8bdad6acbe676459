// Coro<T>: what an `async def` returns. Lazy and move-only: nothing runs until it is awaited or made a task.
//
// `co_await f()` is a plain call in the awaiting task: no scheduling, no tick, no allocation besides the frame. A Coro
// that is dropped without having been started reports "coroutine 'f' was never awaited", as Python does.
#pragma once

#include <coroutine>
#include <ostream>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/loop/exceptions.hpp>
#include <hocket/rt/coro/promise.hpp>

namespace hocket {

template <class T = void>
class Coro;

/// "ns::greet" for "Coro<void> ns::greet(std::string)", as compilers and demanglers write functions.
std::string qualified_function_name(std::string_view function);
/// "greet" for that, "<lambda>" for a lambda.
std::string bare_function_name(std::string_view function);
/// The same of a coroutine function.
std::string coroutine_name(const std::source_location& where);

/// Throws TypeError when the coroutine is the call of a lambda that captured something: it refers into a closure that
/// nobody keeps.
void refuse_captured_closure(const rt::promise_base& promise);

/// Writes asyncio's warning about a coroutine that was never awaited to standard error; in debug mode with the calls
/// that made it.
void warn_never_awaited(const rt::promise_base& promise, const void* frame) noexcept;

template <class T>
class coro_promise : public rt::promise_base, public rt::result_slot<T> {
 public:
  coro_promise() noexcept = default;

  Coro<T> get_return_object(std::source_location where = std::source_location::current()) noexcept;

  /// Its value; throws what it failed with. When it has ended.
  T take() {
    this->rethrow_failure();
    return this->take_value();
  }

 protected:
  // No bool: the compiler offers a promise the coroutine's arguments, and an int would do for one.
  enum class closure { empty, captures };
  explicit coro_promise(closure c) noexcept : promise_base(c == closure::captures) {}
};

/// The promise of a coroutine that may be a lambda's: it records whether that lambda captures. Handles refer to it as
/// coro_promise<T>.
template <class T, class Closure>
struct closure_promise : coro_promise<T> {
  closure_promise() noexcept
      : coro_promise<T>(rt::captures<Closure>() ? coro_promise<T>::closure::captures
                                                : coro_promise<T>::closure::empty) {}
};

template <class T>
class [[nodiscard("a coroutine runs only when it is awaited or made a task")]] Coro {
 public:
  using promise_type = coro_promise<T>;
  using value_type = T;
  using handle = std::coroutine_handle<promise_type>;

  Coro() = default;
  explicit Coro(handle h) noexcept : handle_(h) {}
  Coro(Coro&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Coro& operator=(Coro&& other) noexcept {
    if (this != &other) {
      close_with_warning();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Coro() { close_with_warning(); }

  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
  const void* address() const noexcept { return handle_.address(); }
  std::string name() const { return handle_ ? coroutine_name(handle_.promise().where()) : std::string(); }

  /// Ends a coroutine that was never started, without a warning. Mirrors coroutine.close().
  void close() noexcept {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

  /// The caller waits for its end: if it is the call of a lambda that captures, the closure lives long enough.
  Coro&& with_closure_kept() && noexcept {
    if (handle_) handle_.promise().closure_is_kept();
    return std::move(*this);
  }

  /// Gives the frame to the caller, who starts and destroys it.
  handle release() noexcept { return std::exchange(handle_, {}); }

  class awaiter {
   public:
    explicit awaiter(handle h) noexcept : child_(h) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
      if (child_) child_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    rt::transfer_result await_suspend(std::coroutine_handle<Promise> parent,
                                      std::source_location where = std::source_location::current()) noexcept {
      parent.promise().stand_at(where);
      rt::task_base& task = *parent.promise().task();
      child_.promise().begin(task, parent);
      return rt::transfer(task, child_);
    }
    T await_resume() { return child_.promise().take(); }

   protected:
    handle child_;
  };

  awaiter operator co_await() && {
    refuse_reuse();
    return awaiter(release());
  }

  class awaiter_in_place : public awaiter {
   public:
    using awaiter::awaiter;
    const T& await_resume() {
      this->child_.promise().rethrow_failure();
      return this->child_.promise().value();
    }
  };

  /// Awaited, it gives its value where the coroutine left it, without a move: that lasts to the end of the expression.
  awaiter_in_place in_place() && {
    refuse_reuse();
    return awaiter_in_place(release());
  }
  awaiter operator co_await() & {
    static_assert(!sizeof(T*), "a coroutine is awaited once: write co_await std::move(c), or make it a task");
    return awaiter({});
  }

 private:
  void refuse_reuse() const {
    if (!handle_) throw RuntimeError("cannot reuse already awaited coroutine");
  }
  void close_with_warning() noexcept {
    if (!handle_) return;
    warn_never_awaited(handle_.promise(), handle_.address());
    close();
  }

  handle handle_;
};

template <class T>
Coro<T> coro_promise<T>::get_return_object(std::source_location where) noexcept {
  static_assert(rt::promise_is_found<coro_promise>, "a result that is aligned more strictly than malloc aligns");
  this->stand_at(where);
  return Coro<T>(std::coroutine_handle<coro_promise>::from_promise(*this));
}

/// "0x7f...", as Python prints an address.
std::string address_text(const void* address);

/// `<coroutine object greet at 0x7f...>`, as Python prints it.
template <class T>
std::ostream& operator<<(std::ostream& out, const Coro<T>& c) {
  return out << (c ? "<coroutine object " + c.name() + " at " + address_text(c.address()) + ">"
                   : "<coroutine object (none)>");
}

}  // namespace hocket

/// A coroutine keeps its arguments: a reference to a temporary would outlive it.
template <class T, class... Args>
struct std::coroutine_traits<hocket::Coro<T>, Args...> {
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "a coroutine must not take T&&: the temporary is gone when it runs; take T by value");
  using closure = hocket::rt::own_closure<Args...>;
  using promise_type =
      std::conditional_t<std::is_void_v<closure>, hocket::coro_promise<T>, hocket::closure_promise<T, closure>>;
};
