#include <hocket/loop/serial_loop.hpp>

#include <utility>

#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {

serial_strand::serial_strand(rt::scheduler& sched, loop_state& owner)
    : strand(sched, busy{}), task_home(sched, &owner, rt::turns::serial), wake_timer_(*this) {}

void serial_strand::wake_timer::call::run() noexcept {
  // order: K2: an exchange, so that the look at the clock that ends this turn comes after it.
  is_queued.exchange(false, rt::seq_cst);
}

// It stands in the inbox until the next turn, so that a loop that is about to go idle cannot miss it. When it stands
// there already, the turn that is to come will look at the clock after this.
void serial_strand::wake_timer::run() noexcept {
  serial_strand& loop = loop_;
  // order: K2.
  if (!call_.is_queued.exchange(true, rt::seq_cst)) loop.post(call_);
  loop.release_ref();  // taken when it was armed
}

void serial_strand::begin_run(void (*on_stop)(void*), void* argument) noexcept {
  on_stop_ = on_stop;
  on_stop_argument_ = argument;
}

void serial_strand::go() noexcept {
  turning_.store(true, rt::release);  // order: K1: with the loads in is_turning_elsewhere()
  queue_again();
}

void serial_strand::turn() noexcept {
  take_inbox();
  queue_due_timers();
  for (left_ = ready_.size(); left_ > 0;) {
    --left_;
    ready_.pop_front()->run();
  }
}

void serial_strand::queue_due_timers() noexcept {
  if (timers_.empty()) return;
  const rt::nanos now = sched().now();
  while (rt::timer* t = timers_.pop_due(now)) ready_.push_back(*t);
}

// Whether the loop goes on, sleeps until something is posted or due, or stands still.
rt::strand::after_turn serial_strand::turn_over() noexcept {
  if (std::exchange(stop_requested_, false)) {
    set_wake_timer(rt::never);
    turning_.store(false, rt::release);  // order: K1
    on_stop_(on_stop_argument_);
    return after_turn::keep;
  }
  if (!ready_.empty()) return after_turn::again;
  const rt::nanos next = timers_.earliest();
  // Due already: no need to sleep and be woken.
  if (next != rt::never && next <= sched().now()) return after_turn::again;
  set_wake_timer(next);
  return after_turn::idle;
}

void serial_strand::set_wake_timer(rt::nanos deadline) noexcept {
  if (deadline == wake_at_) return;
  if (wake_at_ != rt::never && sched().cancel(wake_timer_)) release_ref();
  wake_at_ = deadline;
  if (deadline == rt::never) return;
  add_ref();  // held by the armed timer
  sched().arm(wake_timer_, deadline);
}

void serial_strand::drain() {
  rt::thread_context& context = rt::this_thread();
  void* const outer = std::exchange(context.strand, static_cast<rt::strand*>(this));
  for (take_inbox(); !ready_.empty(); take_inbox()) run_ready(ready_.size());
  context.strand = outer;
}

}  // namespace hocket
