// Task factories: a say in how a loop makes its tasks, and eager ones, which run at once as far as they can.
//
// A factory is given each coroutine that is to become a task, and starts it with the options that it likes: another
// name, another context, eagerly. Tasks of a Strand and of parallel() are not its business. Mirrors
// loop.set_task_factory, asyncio.eager_task_factory, asyncio.create_eager_task_factory.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <hocket/loop/task.hpp>

namespace hocket {

/// A coroutine that a task factory is to make a task of.
class PendingTask {
 public:
  PendingTask(const PendingTask&) = delete;
  PendingTask& operator=(const PendingTask&) = delete;

  /// Makes the task and starts it. Once. Throws what create_task throws.
  virtual AnyTask start(TaskOptions options) = 0;
  /// The name of the coroutine function.
  virtual std::string coroutine() const = 0;

 protected:
  PendingTask() = default;
  ~PendingTask() = default;
};

/// Tasks that run at the call of create_task until their first await that waits, if eager_start does not say otherwise.
/// What ends before that never was in the ready queue. Mirrors asyncio.eager_task_factory.
AnyTask eager_task_factory(PendingTask& task, TaskOptions options);

/// The same through another factory. Mirrors asyncio.create_eager_task_factory.
TaskFactory create_eager_task_factory(TaskFactory factory);

/// Checks that a factory started what it was given, and gave it back.
void check_made_by_factory(const AnyTask& given, const task_core* made);

}  // namespace hocket
