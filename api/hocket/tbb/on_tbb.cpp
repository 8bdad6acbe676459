#include <hocket/tbb/on_tbb.hpp>

#include <hocket/rt/coro/task_base.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/tbb/arena.hpp>

namespace hocket {

// The task is held until this is over, so the call, which ends by waking it, does not take the frame from under us.
bool tbb_call::commit(rt::task_base& self) noexcept {
  self.home().sched().post_bulk(*this);
  return true;
}

// The wait goes on until TBB has stopped; the request stays owed, and is thrown at the resume.
bool tbb_call::cancel(rt::task_base&) noexcept {
  was_cancelled_ = true;
  context_.cancel_group_execution();
  return false;
}

void tbb_call::run() noexcept {
  try {
    worker_arena::of(task_->home().sched()).run(context_, [this] { call(); });
  } catch (...) {
    error_ = std::current_exception();
  }
  wake(*task_);
}

void tbb_call::finish_call() {
  finish_resume();
  if (error_) std::rethrow_exception(error_);
  if (was_cancelled_) throw CancelledError();  // the request was taken back meanwhile, the work is not
}

}  // namespace hocket
