#include <hocket/rt/coro/task_base.hpp>

#include <utility>

#include <hocket/rt/base/error.hpp>
#include <hocket/rt/coro/base_exception.hpp>
#include <hocket/rt/coro/ring.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/stall_probe.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

[[maybe_unused]] const bool describes_tasks = [] {
  stall_probe::describe_by(
      [](void* t, running_task& out) noexcept { static_cast<task_base*>(t)->whole_task().describe(out); });
  return true;
}();

}  // namespace

void task_base::run() noexcept {
  thread_context& context = this_thread();
  const std::uint8_t traits = traits_.load(relaxed);  // order: a setting, and what does not change
  worker* const learner = traits & learnt_from ? context.self : nullptr;
  if (learner) {
    const bool is_rest = action_ == action::give_way;  // of a run, and says nothing of the task's habit
    if (!learner->meter().begin(is_rest ? nullptr : this, function_, run_habit(habit_), !deferred_)) {
      deferred_ = true;
      return context.sched->post_bulk(*this);
    }
    if (deferred_) [[unlikely]]  // a store less for nearly all
      deferred_ = false;
  }
  run_within(context, traits);
  if (learner) learner->meter().end();
}

// A part of the calling code's step, whoever observes that.
void task_base::run_now() noexcept {
  run_within(this_thread(), traits_.load(relaxed) & ~observed);  // order: as in run()
}

void task_base::run_within(thread_context& context, unsigned traits) noexcept {
  worker* const self = context.self;
  auto* const outer = static_cast<task_base*>(context.task);
  if (self) self->budget().begin(!(traits & exclusive));
  for (task_base* t = this; t;) {
    context.task = t;
    t = traits & observed ? t->run_observed(self) : t->run_until_stop(self);
  }
  context.task = outer;
  if (outer && self) self->budget().begin(!outer->is_exclusive());
}

// The task is noted while its coroutine runs, for only then it cannot end under a look at this thread.
void task_base::resume(worker* self) noexcept {
  action_ = action::none;
  void* const outer = self ? self->runs_task() : nullptr;
  if (self) self->note_task(this);
  resume_point_.resume();
  if (self) self->note_task(outer);
}

// The owner lets go. A task that is at rest may not be touched any more; one that is requeued is the caller's, to post.
// `asked`: the wait has been asked to end for a request that persists.
[[gnu::always_inline]] inline task_base::settled task_base::settle(bool asked) noexcept {
  const settlement next = word_.settle(false, asked);
  if (next == settlement::deliver) [[unlikely]]
    return settle_request();
  return next == settlement::requeue ? settled::requeued : settled::at_rest;
}

task_base* task_base::run_until_stop(worker* self) noexcept {
  cancel_due_ = word_.take_owed_cancel();
  if (!began_ && cancel_due_) return end(false);
  began_ = true;
  // Who gave way before it waited now waits, and who wants to look again does, unless it is cancelled.
  if (action_ >= action::give_way && !cancel_due_) {
    action_ = action::suspend;
  } else {
    resume(self);
  }
  for (;; resume(self)) {
    switch (action_) {
      case action::transfer:
        break;
      case action::finished:
        return end(true);
      case action::suspend: {
        // Before it lets go: from then on another thread may run it.
        if (self && self->meter().may_change_habit_of(this)) [[unlikely]]
          habit_ = self->meter().habit_now().count();
        if (self && self->budget().is_spent()) {
          action_ = action::give_way;
          home_->post_again(*this);
          return nullptr;
        }
        next = nullptr;
        if (!suspended_at_->commit(*this)) break;
        auto* const successor = static_cast<task_base*>(next);
        task_home& home = *home_;
        if (settle() == settled::requeued) successor ? home.post(*this) : home.post_again(*this);
        return successor;
      }
      case action::give_way:
      case action::ask_again:
      case action::none:
        // The tripwire for GCC PR106188: with it, g++ 12 loses the first resume of some coroutines.
        fatal(
            "task",
            "a coroutine was resumed but neither waited nor ended: this compiler miscompiles a co_await in a condition "
            "(GCC PR106188); hoist it into a local variable");
    }
  }
}

task_base* task_base::end(bool began) noexcept {
  std::construct_at(&failure_);
  return finish(began);
}

namespace {

// This thread passes a cancel on to what `task` waits for, and may be doing so for others, further up the stack.
struct asked_task {
  explicit asked_task(const task_base& t) noexcept
      : task(t), outer(static_cast<asked_task*>(std::exchange(this_thread().inquiry, this))) {}
  asked_task(const asked_task&) = delete;
  asked_task& operator=(const asked_task&) = delete;
  ~asked_task() { this_thread().inquiry = outer; }

  static asked_task* innermost() noexcept { return static_cast<asked_task*>(this_thread().inquiry); }

  const task_base& task;
  asked_task* const outer;
  bool met_ring = false;
};

// Whether this thread has asked for `t` already.
bool comes_round_to(const task_base& t) noexcept {
  asked_task* const innermost = asked_task::innermost();
  for (const asked_task* i = innermost; i; i = i->outer) {
    if (&i->task == &t) return innermost->met_ring = true;
  }
  return false;
}

}  // namespace

bool ends_ring(const task_base& t) noexcept {
  const asked_task* const innermost = asked_task::innermost();
  return innermost && &innermost->task == &t && innermost->met_ring;
}

// This thread owns the frame of a task and asks what it waits for to cancel.
class task_base::inquiry : asked_task {
 public:
  explicit inquiry(task_base& t) noexcept : asked_task(t), task_(t) {}

  /// False when the request is to be thrown at the resume.
  bool ask() noexcept { return task_.suspended_at_->cancel(task_); }
  bool was_queued() const noexcept { return was_queued_; }

  /// `woken` is another's, and may be gone, unless this thread is its canceller.
  static void queue_if_about(const task_base& woken) noexcept {
    asked_task* const innermost = asked_task::innermost();
    if (innermost && &innermost->task == &woken && woken.is_serial()) static_cast<inquiry*>(innermost)->queue();
  }

 private:
  void queue() noexcept {
    if (task_.word_.settle() != settlement::requeue) fatal("task", "queued while it waits");
    was_queued_ = true;
    task_.home_->post_woken(task_);
  }

  task_base& task_;
  bool was_queued_ = false;
};

void task_base::queue_if_inquired(const task_base& woken) noexcept { inquiry::queue_if_about(woken); }

// Settles with a cancel request that was taken out of the word, and is to be answered first.
task_base::settled task_base::settle_request() noexcept {
  settlement next = settlement::deliver;
  for (bool refused = false; next == settlement::deliver; next = word_.settle(refused, true)) {
    inquiry mine(*this);
    refused |= !mine.ask();
    if (refused) word_.owe_cancel();
    if (mine.was_queued()) return settled::at_rest;
  }
  return next == settlement::requeue ? settled::requeued : settled::at_rest;
}

bool task_base::cancel(std::string_view message) noexcept { return cancel_as(task_word::kind::once, message); }

bool task_base::cancel_persistently(std::string_view message, bool inherited) noexcept {
  return cancel_as(inherited ? task_word::kind::inherited : task_word::kind::persistent, message);
}

bool task_base::cancel_as(task_word::kind kind, std::string_view message) noexcept {
  if (word_.is_done()) return false;
  if (comes_round_to(*this)) return false;
  note_message(message);
  switch (word_.cancel(kind)) {
    case cancel_claim::refused:
      return false;
    case cancel_claim::noted:
      return true;
    case cancel_claim::claimed:
      if (settle() == settled::requeued) home_->post_woken(*this);
      return true;
  }
  return false;
}

// The answer to a cancel that came while somebody looked from outside of a serial home: waits of such a home are ended
// by its own code only.
class task_base::late_answer final : public runnable {
 public:
  explicit late_answer(task_base& t) noexcept : task_(t) {}

 private:
  void run() noexcept override {
    task_base& t = task_;
    delete this;
    t.word_.owe_cancel();  // if the wait has ended since, it is thrown at the resume
    if (t.settle() == settled::requeued) t.home_->post_woken(t);
  }

  task_base& task_;
};

void task_base::end_look() noexcept {
  settled now = settled::at_rest;
  if (is_serial() && !home_->runs_here()) {
    switch (word_.settle(false, true)) {
      case settlement::deliver:
        return home_->post(*new late_answer(*this));
      case settlement::requeue:
        now = settled::requeued;
        break;
      case settlement::rest:
        break;
    }
  } else {
    now = settle(true);
  }
  if (now == settled::requeued) home_->post_woken(*this);
}

void task_base::throw_cancelled() {
  cancel_due_ = false;
  throw CancelledError(cancel_message());
}

task_base* current_task() noexcept { return static_cast<task_base*>(this_thread().task); }

}  // namespace hocket::rt
