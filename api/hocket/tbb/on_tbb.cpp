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

void tbb_call::carry_out(rt::runnable& r) noexcept {
  auto& self = static_cast<tbb_call&>(r);
  try {
    worker_arena::of(self.task_->home().sched()).run(self.context_, [&self] { self.call(); });
  } catch (...) {
    self.error_ = std::current_exception();
  }
  wake(*self.task_);
}

void tbb_call::finish_call() {
  finish_resume();
  if (error_) std::rethrow_exception(error_);
  if (was_cancelled_) throw CancelledError();  // the request was taken back meanwhile, the work is not
}

}  // namespace hocket
