// timeout and wait_for: a limit on a stretch of the calling task.
//
// Both run their body in the task that calls. When the time is up the task is cancelled; the block that asked for it
// takes the request back and turns the CancelledError into TimeoutError, unless somebody else has cancelled the task,
// too. Mirrors asyncio.timeout, asyncio.timeout_at, asyncio.wait_for as of CPython 3.13 (timeouts.py).
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/body.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/loop/gather.hpp>
#include <hocket/loop/result.hpp>
#include <hocket/loop/wait.hpp>

namespace hocket {

/// The limit that a timeout's body may look at and move. Mirrors asyncio.Timeout.
class Timeout {
 public:
  /// The loop's time at which it expires, in seconds; nothing when there is no limit. Any thread. Mirrors Timeout.when.
  std::optional<double> when() const;
  /// Moves the limit to `when` seconds of the loop's time; nothing: no limit. In the parallel door any thread, in a
  /// serial loop only code that runs in it. Throws RuntimeError elsewhere, and once the limit is reached or the block
  /// is over. Mirrors Timeout.reschedule.
  void reschedule(std::optional<double> when) const;
  /// Whether the time was up and the body was cancelled for it. Any thread. Mirrors Timeout.expired.
  bool expired() const;

  // --- the block's own side ---
  static Timeout enter(std::optional<rt::nanos> deadline);
  /// Leaves the block. Gives what to throw: `error`, or TimeoutError in its place, or null.
  std::exception_ptr leave(std::exception_ptr error) const noexcept;

 private:
  class limit;
  explicit Timeout(rt::counted_ptr<limit> l);
  Timeout(const Timeout&) = delete;
  friend class limit;

 public:
  Timeout(Timeout&&) noexcept;
  ~Timeout();

 private:
  rt::counted_ptr<limit> limit_;
};

/// A body that does not care for its limit.
template <class Body>
struct without_limit {
  Body body;
  decltype(auto) operator()(Timeout&) { return body(); }
};
template <class Body>
using limited_body = std::conditional_t<std::is_invocable_v<Body&, Timeout&>, Body, without_limit<Body>>;

/// Runs `body` in the calling task under a limit.
template <class Body>
Coro<body_value_t<Body, Timeout&>> run_limited(std::optional<rt::nanos> deadline, Body body) {
  using T = body_value_t<Body, Timeout&>;
  Timeout limit = Timeout::enter(deadline);
  std::optional<stored<T>> value;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, limit);
    } else {
      value.emplace(co_await call_body(body, limit));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (const std::exception_ptr e = limit.leave(std::move(error))) std::rethrow_exception(e);
  if constexpr (!std::is_void_v<T>) co_return static_cast<T>(std::move(*value));
}

/// The loop's time `delay` from now; nothing for no limit.
std::optional<rt::nanos> deadline_after(const OptionalDelay& delay);

/// Runs `body`, a lambda, plain or a coroutine, that may take `Timeout&`, and gives its value; throws TimeoutError when
/// `delay` is over first, after the body has ended. A body that swallows the request and ends normally gives its value.
/// Mirrors `async with asyncio.timeout(delay)`.
template <class Body>
auto timeout(OptionalDelay delay, Body&& body) {
  HOCKET_REQUIRE_SAFE_CALLABLE(Body);
  return run_limited<limited_body<std::decay_t<Body>>>(deadline_after(delay), {std::forward<Body>(body)});
}

/// The same until a time of the loop's clock, in seconds. Mirrors asyncio.timeout_at.
template <class Body>
auto timeout_at(std::optional<double> when, Body&& body) {
  HOCKET_REQUIRE_SAFE_CALLABLE(Body);
  std::optional<rt::nanos> deadline;
  if (when) deadline = Delay(*when).nanos();
  return run_limited<limited_body<std::decay_t<Body>>>(deadline, {std::forward<Body>(body)});
}

/// What wait_for makes of something that has no time at all: a coroutine becomes a task that never starts, a pending
/// handle is cancelled; an empty handle when it is done already.
template <class T>
Task<T> cancelled_future(Coro<T> coro) {
  loop_state& loop = running_loop();
  return Task<T>(start_task(loop, loop.home_for_new_task(), std::move(coro), {}, nullptr, true));
}
template <class H>
H cancelled_future(const H& handle) {
  return handle.cancel() ? handle : H();
}

/// Awaits `a` (a Coro, Task or Future) in the calling task, for `limit` at most; then it is cancelled and, when it has
/// ended, TimeoutError is thrown. No limit: std::nullopt. A limit of zero or less starts no coroutine; something that
/// is done already gives its result. Mirrors asyncio.wait_for.
template <class A>
  requires(!converts_to_coro<A>)
Coro<awaited_t<A>> wait_for(A a, OptionalDelay limit) {
  using T = awaited_t<A>;
  if (limit && limit->nanos() <= 0) {
    auto future = cancelled_future(std::move(a));
    if (!future) co_return co_await std::move(a);  // a handle that was done already
    const rt::counted_ptr<future_core> core(future.state());
    if constexpr (is_coro<A>) {
      // Its frame goes in its only step, which is queued before the caller's next in a serial loop, but not on the
      // pool.
      if (!loop_state::running_here()->serial_home_here()) co_await task_end(core);
    }
    std::vector<rt::counted_ptr<future_core>> only(1, core);  // g++ 12 takes no list in braces here
    co_await wait_for_enough(std::move(only), WaitOptions());
    try {
      if constexpr (std::is_void_v<T>) {
        future.result();
        co_return;
      } else {
        future.result();
        // Copied where it can be, for others may hold the task; what can only be moved has no other reader.
        co_return static_cast<T>(take_or_copy(*future.state()->value));
      }
    } catch (const CancelledError&) {
      TimeoutError error;
      error.set_cause(std::current_exception());
      throw error;
    }
  }
  Timeout scope = Timeout::enter(deadline_after(limit));
  std::optional<stored<T>> value;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(a);
    } else {
      value.emplace(co_await std::move(a));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (const std::exception_ptr e = scope.leave(std::move(error))) std::rethrow_exception(e);
  if constexpr (!std::is_void_v<T>) co_return static_cast<T>(std::move(*value));
}

template <converts_to_coro A>
auto wait_for(A&& awaitable, OptionalDelay limit) {
  return wait_for(Coro<awaited_t<A>>(std::forward<A>(awaitable)), limit);
}

}  // namespace hocket
