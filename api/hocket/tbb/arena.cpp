#include <hocket/tbb/arena.hpp>

#include <tbb/global_control.h>
#include <tbb/task.h>

#include <utility>

#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {
namespace {

bool is_work_cancelled() noexcept { return tbb::is_current_task_group_canceling(); }

std::unique_ptr<rt::borrower> make_arena(rt::scheduler& sched) { return std::make_unique<worker_arena>(sched); }

}  // namespace

void tbb_makes_no_threads() { static const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1); }

worker_arena::worker_arena(rt::scheduler& sched)
    : sched_(sched),
      arena_(static_cast<int>(sched.workers()), /*reserved_for_masters=*/sched.workers()),
      loans_(sched.workers()) {
  tbb_makes_no_threads();
  arena_.initialize();
}

worker_arena& worker_arena::of(rt::scheduler& sched) {
  return static_cast<worker_arena&>(sched.borrower_made_by(&make_arena));
}

worker_arena::borrowing::borrowing(rt::scheduler& sched) noexcept : sched_(sched) {
  rt::this_thread().is_cancelled = &is_work_cancelled;
  sched_.arm_standby();
  sched_.borrow_workers();
}

worker_arena::borrowing::~borrowing() {
  sched_.borrow_no_more();
  sched_.disarm_standby();
  rt::this_thread().is_cancelled = nullptr;
}

// ---- Loans: README.md, "A loan".

void worker_arena::help(unsigned index) noexcept {
  loan& l = loans_[index];
  try {
    const tbb_machinery from_here;  // oneTBB's own memory
    l.hold = l.waits_for.defer([] {});
  } catch (...) {
    return;  // no memory: this worker sleeps instead
  }
  auto expected = state::here;
  // order: H1: the hold is there for the recaller.
  if (l.at.compare_exchange_strong(expected, state::lent, rt::acq_rel, rt::acquire)) {
    rt::this_thread().is_cancelled = &is_work_cancelled;
    {
      const tbb_machinery from_here;
      arena_.execute([&l] { l.waits_for.wait(); });
    }
    rt::this_thread().is_cancelled = nullptr;
    // order: H2: the recaller has done with the hold. It has, because the wait is over; this makes it visible.
    while (!l.let_go.load(rt::acquire)) {
    }
    l.let_go.store(false, rt::relaxed);  // order: published by the next H1
  } else {
    const tbb_machinery from_here;
    l.hold = {};
  }
  // order: H1: for the next loan's recaller.
  l.at.store(state::here, rt::release);
}

void worker_arena::recall(unsigned index) noexcept {
  loan& l = loans_[index];
  // order: H1: sees the hold.
  if (l.at.exchange(state::recalled, rt::acq_rel) != state::lent) return;
  const tbb::task_handle hold = std::move(l.hold);
  // order: H2: before the hold goes, which ends the wait. Afterwards nothing of the loan is touched.
  l.let_go.store(true, rt::release);
}

}  // namespace hocket
