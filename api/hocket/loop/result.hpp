// Result<T>: an outcome that was not thrown. For cleanup that awaits, since C++ allows no co_await in a catch handler.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/future.hpp>

namespace hocket {

template <class T>
class [[nodiscard("a Result may hold the request to end: look at it, or rethrow()")]] Result {
 public:
  using value_type = T;
  explicit Result(std::exception_ptr e) noexcept : error_(std::move(e)) {}
  template <class... V>
    requires std::is_constructible_v<stored<T>, V...>
  explicit Result(std::in_place_t, V&&... v) : value_(std::in_place, std::forward<V>(v)...) {}

  explicit operator bool() const noexcept { return !error_; }
  bool has_value() const noexcept { return !error_; }
  bool cancelled() const noexcept { return is_cancelled_error(error_); }
  const std::exception_ptr& error() const noexcept { return error_; }

  /// Throws the error, if there is one.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

  /// The value; throws the error if there is none.
  decltype(auto) value() & {
    rethrow();
    if constexpr (!std::is_void_v<T>) return static_cast<stored<T>&>(*value_);
  }
  decltype(auto) value() && {
    rethrow();
    if constexpr (!std::is_void_v<T>) return static_cast<stored<T>>(std::move(*value_));
  }

 private:
  std::optional<stored<T>> value_;
  std::exception_ptr error_;
};

/// What awaiting `A` gives, without a reference.
template <class A>
struct awaited {
  using type = typename std::remove_cvref_t<A>::value_type;
};
template <class A>
using awaited_t = typename awaited<A>::type;

/// Awaits `a` (a Coro, Task or Future) and gives how it ended instead of throwing: also CancelledError, which the
/// caller should rethrow after its cleanup. Runs in the calling task. An extension: Python's `try: ... except
/// BaseException as e`.
template <class A>
  requires(!converts_to_coro<A>)
Coro<Result<awaited_t<A>>> as_result(A a) {
  using T = awaited_t<A>;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(a);
      co_return Result<T>(std::in_place);
    } else {
      co_return Result<T>(std::in_place, co_await std::move(a));
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_return Result<T>(std::move(error));
}
template <converts_to_coro A>
auto as_result(A&& awaitable) {
  return as_result(Coro<awaited_t<A>>(std::forward<A>(awaitable)));
}

}  // namespace hocket
