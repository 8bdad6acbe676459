// parallel: from any task, work on every core and come back.
//
// A plain function goes to the workers' bulk queue, and the standby stands by for sockets and timers while it computes;
// a coroutine becomes a task of the pool whose own tasks, and theirs, end before it returns. Both own copies of what
// they are given.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/result.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

/// Cancels what still runs in `scope`.
void cancel_scope(loop_state& loop, const task_scope& scope);

/// Waits until a scope is empty, whatever happens to the caller meanwhile.
task_end_wait scope_end(const rt::counted_ptr<task_scope>& scope);

/// Runs `coro` as a task of the pool and gives its value. Tasks created inside belong to it and end before this
/// returns; when it fails or is cancelled they are cancelled. Cancelled: `coro` is, and ends before this throws. An
/// extension.
template <class T>
Coro<T> parallel(Coro<T> coro) {
  loop_state& loop = running_loop();
  const auto scope = rt::counted_ptr<task_scope>::adopt(new task_scope(create_future<void>(loop)));
  scope->enter();
  Task<T> task(start_task(loop, loop.pool_home(), std::move(coro), {}, scope));
  auto result = co_await as_result(task);
  if (!result) cancel_scope(loop, *scope);
  scope->leave();
  co_await scope_end(scope);
  if constexpr (std::is_void_v<T>) {
    result.rethrow();
  } else {
    co_return static_cast<T>(std::move(result).value());
  }
}

/// Calls `fn` on a worker that the standby watches over.
template <class F, class... Args>
Coro<std::invoke_result_t<F&, Args...>> call_as_hog(F fn, Args... args) {
  const rt::hog_scope hog(running_loop().sched());
  co_return fn(std::move(args)...);
}

/// Runs `job` as a task of the bulk queue.
template <class T>
Coro<T> run_in_bulk(Coro<T> job) {
  loop_state& loop = running_loop();
  Task<T> task(start_task(loop, loop.bulk_home(), std::move(job), {}));
  co_return co_await std::move(task);
}

/// Calls `fn(args...)`, which computes and does not block, on a worker, and gives its value. Cancelled before it
/// starts: it is not called; later: its next checkpoint() throws CancelledError, and this throws when it has ended. An
/// extension; asyncio has run_in_executor.
template <class F, class... Args>
  requires(!is_coro<std::decay_t<F>> && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>)
auto parallel(F&& fn, Args&&... args) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return run_in_bulk(
      call_as_hog<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...));
}

/// A poll point for code that computes long: nearly free, and runs no other task, so a mutex may be held. Looks at
/// sockets and timers when that is due, hands ready work to others, and throws CancelledError when the task that runs
/// it was cancelled. Within parallel() and the like it may wait for some milliseconds under a CPU quota, lest the
/// process be throttled. Any thread; outside of tasks it does nothing.
void checkpoint();

}  // namespace hocket
