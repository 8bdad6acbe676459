#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/future.hpp>
#include <hocket/rt/coro/ring.hpp>

namespace hocket {

bool future_wait::commit(rt::task_base& self) noexcept {
  if (future_->as_task() == &self) {
    awaits_itself_ = true;
    return false;
  }
  return future_->add_waiter(*this);
}

// As Task.cancel does, the request goes to what the task waits for; that ends this wait when it is cancelled in turn.
bool future_wait::cancel(rt::task_base& self) noexcept {
  if (future_->cancel(self.cancel_message())) return true;
  // Then the request is thrown at the resume: whoever owns this wait's end wakes the task, or in a ring this does.
  if (rt::ends_ring(self) && future_->remove_waiter(*this)) wake(self);
  return false;
}

void future_wait::tell(awaiting_parties& to) const { to.add(*task_); }

void task_end_wait::tell(awaiting_parties& to) const { to.add(*task_); }

std::exception_ptr exception_of(const future_core& f) {
  if (!f.is_done()) throw InvalidStateError("Exception is not set.");
  if (f.is_cancelled()) f.rethrow_failure();
  return f.take_notice();
}

void future_wait::finish_wait() {
  finish_resume();
  if (awaits_itself_) throw RuntimeError("Task cannot await on itself: " + future_->repr());
  future_->rethrow_failure();
}

}  // namespace hocket
