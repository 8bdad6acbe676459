#include <hocket/rt/sched/strand.hpp>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {

strand::strand(scheduler& sched) noexcept : runnable(&strand::run_turn), sched_(sched) {}

strand::strand(scheduler& sched, busy) noexcept : strand(sched) { inbox_.try_claim(); }

strand::~strand() = default;

void strand::post(runnable& r) noexcept {
  if (runs_here()) {
    ready_.push_back(r);
  } else if (inbox_.push(r)) {
    add_ref();
    sched_.post(*this);
  }
}

void strand::queue_again() noexcept {
  add_ref();
  sched_.post(*this);
}

bool strand::runs_here() const noexcept { return this_thread().strand == this; }

void strand::run_turn(runnable& r) noexcept {
  strand& s = static_cast<strand&>(r);
  thread_context& context = this_thread();
  void* const outer = context.strand;
  context.strand = &s;
  s.turn();
  const after_turn next = s.turn_over();
  context.strand = outer;
  switch (next) {
    case after_turn::again:
      s.sched_.post_again(s);  // hands on its reference
      return;
    case after_turn::idle:
      if (!s.inbox_.try_go_idle()) {
        s.sched_.post_again(s);
        return;
      }
      break;  // another thread may run it now; only the reference is still ours
    case after_turn::keep:
      break;
  }
  s.release_ref();
}

void strand::turn() noexcept {
  take_inbox();
  run_ready(ready_.size());
}

void strand::run_ready(std::size_t count) noexcept {
  for (; count > 0; --count) ready_.pop_front()->run();
}

void strand::add_ref() noexcept { refs_.fetch_add(1, relaxed); }  // order: whoever adds one holds one

void strand::release_ref() noexcept {
  // order: R1: all use of the strand happens before its end; pairs with itself.
  if (refs_.fetch_sub(1, acq_rel) == 1) delete this;
}

}  // namespace hocket::rt
