// TaskGroup: tasks that end before the block does. The first failure cancels the others and the block; the failures
// come out together.
//
// C++ cannot await in a destructor, so the block is a body: `co_await task_group([&](TaskGroup& tg) -> Coro<> {...})`.
// Mirrors asyncio.TaskGroup as of CPython 3.13 (taskgroups.py).
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/loop/body.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/exception_group.hpp>

namespace hocket {

/// The group's shared part.
class task_group_core;

class TaskGroup {
 public:
  /// Starts a task of the group. Throws RuntimeError when the group is finished or shutting down (the coroutine is
  /// closed). The body, or a task of the group. Mirrors TaskGroup.create_task.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {}) {
    admit(coro);
    Task<T> task = hocket::create_task(std::move(coro), options);
    adopt(task.state());
    return task;
  }
  template <converts_to_coro A>
  auto create_task(A&& awaitable, TaskOptions options = {}) {
    return create_task(Coro<typename std::decay_t<A>::value_type>(std::forward<A>(awaitable)), options);
  }
  template <class F, class... Args>
    requires(!is_coro<std::decay_t<F>> && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>)
  auto create_task(F&& fn, Args&&... args) {
    HOCKET_REQUIRE_SAFE_CALLABLE(F);
    return create_task(
        call_and_await<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...));
  }

  /// Ends the group early, without an error: cancels its tasks and the body, which then ends normally, and the block
  /// with it; errors that tasks or the body end with all the same come out as a group. Twice, or after the group's end,
  /// does nothing. A block whose body was to give a value and was cancelled before throws RuntimeError. The body, or a
  /// task of the group; any code that runs in the loop. Mirrors TaskGroup.cancel of CPython 3.15.
  void cancel() const;

  // --- the block's own side ---
  static TaskGroup enter();
  /// Waits for all tasks and throws what the block is to end with. `error` is what the body ended with, or null.
  Coro<> leave(std::exception_ptr error) const;

  TaskGroup(TaskGroup&&) noexcept;
  ~TaskGroup();

 private:
  explicit TaskGroup(rt::counted_ptr<task_group_core> core);

  /// Closes the coroutine and throws when the group takes no more tasks.
  template <class T>
  void admit(Coro<T>& coro) {
    try {
      check_open();
    } catch (...) {
      coro.close();
      throw;
    }
  }
  void check_open() const;
  void adopt(task_core* task) const;

  rt::counted_ptr<task_group_core> core_;
};

template <class Body>
Coro<body_value_t<Body, TaskGroup&>> run_group(Body body) {
  using T = body_value_t<Body, TaskGroup&>;
  TaskGroup group = TaskGroup::enter();
  std::optional<stored<T>> value;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, group);
    } else {
      value.emplace(co_await call_body(body, group));
    }
  } catch (...) {
    error = std::current_exception();
  }
  co_await group.leave(std::move(error));
  if constexpr (!std::is_void_v<T>) {
    if (!value) throw RuntimeError("the TaskGroup was cancelled before its body gave a value");
    co_return static_cast<T>(std::move(*value));
  }
}

/// Runs `body`, a lambda, plain or a coroutine, that takes `TaskGroup&`, in the calling task, waits for the group's
/// tasks and gives the body's value. Throws ExceptionGroup("unhandled errors in a TaskGroup") with every failure.
/// Mirrors `async with asyncio.TaskGroup() as tg`.
template <class Body>
auto task_group(Body&& body) {
  HOCKET_REQUIRE_SAFE_CALLABLE(Body);
  return run_group<std::decay_t<Body>>(std::forward<Body>(body));
}

}  // namespace hocket
