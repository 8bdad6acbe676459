#include <hocket/loop/when_all.hpp>

#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/observed_step.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

rt::task_base& fork_child::whole_task() noexcept { return join_.parent().whole_task(); }

const rt::task_base* fork_child::part_of() const noexcept { return &join_.parent(); }

rt::task_base* fork_child::run_observed(rt::worker* self) noexcept {
  const observed_step step(*this);
  return run_until_stop(self);
}

rt::task_home& fork_join_wait::home_for_children(rt::task_base& self) noexcept {
  return static_cast<loop_state*>(self.home().owner())->home_for_child_of(self.home());
}

void fork_join_wait::start(rt::task_base& self) noexcept {
  left_.store(count_, rt::relaxed);  // order: published with the children
  if (self.is_observed()) {
    for (fork_child* c = first_; c; c = c->sibling_) c->observe();
  }
  self.run_next(*first_);
  if (first_->home().is_exclusive()) {
    for (fork_child* c = first_->sibling_; c; c = c->sibling_) c->schedule();
    return;
  }
  rt::scheduler& sched = first_->home().sched();
  for (rt::runnable* c = last_; c != first_;) {
    rt::runnable* const before = c->next;
    sched.post_fork(*c);
    c = before;
  }
}

bool fork_join_wait::cancel(rt::task_base& self) noexcept {
  // The children are parts of this task: what persists for it does for them.
  const bool persists = self.is_cancelled_persistently();
  for (fork_child* c = first_; c; c = c->sibling_) persists ? c->cancel_persistently({}, true) : c->cancel();
  return true;  // the parent resumes when they have ended, with what they ended with
}

void fork_join_wait::cancel_children() noexcept {
  for (fork_child* c = first_; c; c = c->sibling_) c->cancel();
}

rt::task_base* fork_join_wait::child_ended(fork_child& c, std::exception_ptr error) noexcept {
  // order: J1: decides whose failure is kept; what it wrote is published by J2.
  if (error && !failed_.exchange(true, rt::acq_rel)) {
    error_ = std::move(error);
    cancel_children();  // this one counts as not ended yet, so the awaiter stays
  }
  rt::task_base& parent = *task_;
  const std::size_t ended = c.ended_before_ + 1;
  if (fork_child* const next = c.sibling_; next && parent.home().sched().take_back_fork(*next)) {
    next->ended_before_ = ended;
    return next;
  }
  // order: J2: results and failure are seen by the parent; pairs with itself. A chain of all children needs no counter:
  // nobody else has one.
  if (ended != count_ && left_.fetch_sub(ended, rt::acq_rel) != ended) return nullptr;
  if (!wake_in_place(parent)) return nullptr;  // owned by a canceller, who queues it
  if (!parent.home().is_exclusive()) return &parent;
  parent.home().post(parent);
  return nullptr;
}

void fork_join_wait::finish_join() {
  finish_resume();
  if (error_) std::rethrow_exception(error_);
}

}  // namespace hocket
