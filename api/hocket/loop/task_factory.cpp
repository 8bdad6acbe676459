#include <hocket/loop/task_factory.hpp>

namespace hocket {

AnyTask eager_task_factory(PendingTask& task, TaskOptions options) {
  if (!options.eager_start) options.eager_start = true;
  return task.start(options);
}

TaskFactory create_eager_task_factory(TaskFactory factory) {
  return [factory = std::move(factory)](PendingTask& task, TaskOptions options) {
    if (!options.eager_start) options.eager_start = true;
    return factory(task, options);
  };
}

void check_made_by_factory(const AnyTask& given, const task_core* made) {
  if (!made || given.state() != made)
    throw TypeError("a task factory must start the task that it is given, and give it back");
}

}  // namespace hocket
