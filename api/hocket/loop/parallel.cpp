#include <hocket/loop/parallel.hpp>

#include <hocket/loop/exceptions.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {

void cancel_scope(loop_state& loop, const task_scope& scope) {
  for (const auto& t : loop.tasks()) {
    if (t->scope().get() == &scope) t->cancel("");
  }
}

task_end_wait scope_end(const rt::counted_ptr<task_scope>& scope) {
  return task_end(rt::counted_ptr<future_core>(scope->empty().state()));
}

void checkpoint() {
  const rt::thread_context& context = rt::this_thread();
  if (context.sched) context.sched->checkpoint();
  if (context.task) static_cast<rt::task_base*>(context.task)->throw_if_cancel_owed();
  if (context.is_cancelled && context.is_cancelled()) throw CancelledError();
}

}  // namespace hocket
