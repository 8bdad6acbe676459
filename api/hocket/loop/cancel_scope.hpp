// CancelScope: cancellation by level, as in Trio and anyio. An extension: asyncio has nothing of the kind.
//
// Task.cancel() is an edge: one CancelledError at one await; a body that swallows it goes on for ever. While a
// CancelScope is cancelled every await inside that waits throws CancelledError, until its block is left. What it threw
// stops there; a cancel() of the task, a timeout around or a scope around go on as they would without.
//
//   CancelScope scope({.timeout = 5});
//   co_await scope.run([&]() -> Coro<> {
//     auto r = co_await as_result(work());
//     co_await CancelScope({.shield = true}).run([&]() -> Coro<> { co_await say_goodbye(); });
//     r.rethrow();
//   });
//   if (scope.cancelled_caught()) print("gave up");
//
// After: anyio.CancelScope on asyncio, trio.CancelScope; without their polling: the task's word carries the request.
#pragma once

#include <exception>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/loop/body.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/delay.hpp>

namespace hocket {

struct CancelScopeOptions {
  std::optional<double> deadline = {};  // of the loop's time, in seconds: it is cancelled then
  OptionalDelay timeout = {};           // the same, from when its block is entered; the earlier one counts
  bool shield = false;                  // scopes around it do not reach into it; Task.cancel() does
};

class cancel_scope_core;

/// A counted handle; copies are the same scope.
class CancelScope {
 public:
  explicit CancelScope(const CancelScopeOptions& options = {});
  CancelScope(const CancelScope&);
  CancelScope(CancelScope&&) noexcept;
  CancelScope& operator=(CancelScope) noexcept;
  ~CancelScope();

  /// Cancels what runs inside, or will: every await there that waits throws CancelledError. Twice does nothing. Any
  /// thread; from elsewhere than its serial loop it takes its turn there.
  void cancel() const;
  /// Whether cancel() was called or the deadline came. Any thread.
  bool cancel_called() const;
  /// Whether the block was left by the scope's CancelledError, which stopped there. Any thread.
  bool cancelled_caught() const;
  /// Seconds of the loop's time; nothing: none. Any thread.
  std::optional<double> deadline() const;
  /// Moves the deadline. Throws RuntimeError once it is cancelled or its block was left. In a serial loop only its own
  /// code, in the parallel door any thread.
  void reschedule(std::optional<double> deadline) const;

  /// Runs `body`, a lambda, plain or a coroutine, that may take `CancelScope&`, in the calling task. Gives its value as
  /// an optional, empty when the scope's cancellation ended it; of a body without a value: whether it came to its end.
  /// The children of when_all and of task groups inside belong to it; other tasks that are created inside do not.
  /// Throws what the body threw; RuntimeError for a second run.
  template <class Body>
  auto run(Body&& body) const;

  // --- the block's own side ---
  void enter() const;
  /// Gives what to throw, or null.
  std::exception_ptr leave(std::exception_ptr error) const noexcept;

 private:
  rt::counted_ptr<cancel_scope_core> core_;
};

/// A body that does not care for its scope.
template <class Body>
struct without_scope {
  Body body;
  decltype(auto) operator()(CancelScope&) { return body(); }
};
template <class Body>
using scoped_body = std::conditional_t<std::is_invocable_v<Body&, CancelScope&>, Body, without_scope<Body>>;

template <class T>
using scope_value = std::conditional_t<std::is_void_v<T>, bool, std::optional<stored<T>>>;

template <class Body>
Coro<scope_value<body_value_t<Body, CancelScope&>>> run_scoped(CancelScope scope, Body body) {
  using T = body_value_t<Body, CancelScope&>;
  scope_value<T> value{};
  std::exception_ptr error;
  scope.enter();
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, scope);
      value = true;
    } else {
      value.emplace(co_await call_body(body, scope));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (const std::exception_ptr e = scope.leave(std::move(error))) std::rethrow_exception(e);
  co_return value;
}

template <class Body>
auto CancelScope::run(Body&& body) const {
  HOCKET_REQUIRE_SAFE_CALLABLE(Body);
  return run_scoped<scoped_body<std::decay_t<Body>>>(*this, {std::forward<Body>(body)});
}

}  // namespace hocket
