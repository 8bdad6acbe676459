#include <hocket/rt/sched/strand.hpp>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {

strand::strand(scheduler& sched) noexcept : sched_(sched) {}

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

void strand::run() noexcept {
  thread_context& context = this_thread();
  void* const outer = context.strand;
  context.strand = this;
  turn();
  const after_turn next = turn_over();
  context.strand = outer;
  switch (next) {
    case after_turn::again:
      sched_.post_again(*this);  // hands on its reference
      return;
    case after_turn::idle:
      if (!inbox_.try_go_idle()) {
        sched_.post_again(*this);
        return;
      }
      break;  // another thread may run it now; only the reference is still ours
    case after_turn::keep:
      break;
  }
  release_ref();
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
