// to_thread: calls that block, on threads of their own, so that no worker waits for them.
#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/loop/context_state.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/executor.hpp>

namespace hocket {

template <class F, class... Args>
Coro<std::invoke_result_t<F&, Args...>> call_on_thread(F fn, Args... args) {
  using T = std::invoke_result_t<F&, Args...>;
  loop_state& loop = running_loop();
  Future<T> result = create_future<T>(loop);
  auto job =
      std::make_unique<call_for_future<T, F, Args...>>(result, std::move(fn), std::tuple<Args...>(std::move(args)...));
  job->carry_context(copy_of_current_context());
  put_in_executor(loop, {}, std::move(job));
  co_return co_await std::move(result);
}

/// Calls `fn(args...)`, copies of which it owns, on a thread for calls that block (HOCKET_BLOCKING_THREADS), and gives
/// its value or throws its exception; the thread belongs to the loop's default executor, when one was set. The call
/// sees a copy of the caller's context variables. Cancelled: the wait is abandoned; the call is not made if it has not
/// begun, else it runs on and its outcome is dropped. Mirrors asyncio.to_thread.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
auto to_thread(F&& fn, Args&&... args) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return call_on_thread<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...);
}

}  // namespace hocket
