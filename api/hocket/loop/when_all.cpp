#include <hocket/loop/when_all.hpp>

#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

rt::task_base* fork_child::finish(bool cancelled) noexcept {
  std::exception_ptr error = take_outcome(!cancelled);
  if (cancelled && !error) error = std::make_exception_ptr(CancelledError(cancel_message()));
  return join_.child_ended(std::move(error));
}

// The parent is held by this worker until commit() is over, so no child can resume it, and the awaiter stays, while
// they are started.
bool fork_join_wait::commit(rt::task_base& self) noexcept {
  rt::task_home& home = static_cast<loop_state*>(self.home().owner())->home_for_child_of(self.home());
  count_ = make_children(home);
  left_.store(count_, rt::relaxed);  // order: published with the children
  if (home.is_exclusive()) {
    start_on_strand(self, count_);
  } else {
    start_on_pool(self, count_);
  }
  return true;
}

void fork_join_wait::start_on_pool(rt::task_base& self, std::size_t count) noexcept {
  rt::scheduler& sched = self.home().sched();
  for (std::size_t i = 0; i < count; ++i) child(i).schedule_in_place();
  for (std::size_t i = 0; i + 1 < count; ++i) sched.post_fork(child(i));
  self.run_next(child(count - 1));
}

void fork_join_wait::start_on_strand(rt::task_base& self, std::size_t count) noexcept {
  child(0).schedule_in_place();
  for (std::size_t i = 1; i < count; ++i) child(i).schedule();
  self.run_next(child(0));
}

bool fork_join_wait::cancel(rt::task_base&) noexcept {
  cancel_children();
  return true;  // the parent resumes when they have ended, with what they ended with
}

void fork_join_wait::cancel_children() noexcept {
  for (std::size_t i = 0; i < count_; ++i) child(i).cancel();
}

rt::task_base* fork_join_wait::child_ended(std::exception_ptr error) noexcept {
  rt::task_base& parent = *task_;
  // order: J1: decides whose failure is kept; what it wrote is published by J2.
  if (error && !failed_.exchange(true, rt::acq_rel)) {
    error_ = std::move(error);
    cancel_children();  // this one counts as not ended yet, so the awaiter stays
  }
  // order: J2: results and failure are seen by the parent; pairs with itself.
  if (left_.fetch_sub(1, rt::acq_rel) != 1) return nullptr;
  if (!wake_in_place(parent)) return nullptr;  // held by a canceller, who queues it
  if (!parent.home().is_exclusive() && parent.home().runs_here()) return &parent;
  parent.home().post(parent);
  return nullptr;
}

void fork_join_wait::finish_join() {
  finish_resume();
  if (error_) std::rethrow_exception(error_);
}

}  // namespace hocket
