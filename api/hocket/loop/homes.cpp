#include <hocket/loop/homes.hpp>

#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {

bool pool_task_home::runs_here() const noexcept { return rt::this_thread().sched == &sched(); }

}  // namespace hocket
