// The arena in which oneTBB works on a scheduler's workers: those that run jobs, and those that would sleep.
//
// Every one of its N slots is reserved for threads that come by themselves, and TBB is told to make none, so that TBB
// work has the workers and nothing else. An idle worker is lent (see <hocket/rt/sched/borrower.hpp>): it enters and
// waits for something that only its recall brings, and so does whatever TBB finds for it meanwhile. README.md tells why
// no recall is lost. Calls: any thread, unless it says otherwise.
#pragma once

#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <atomic>
#include <memory>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/sched/borrower.hpp>
#include <hocket/tbb/tsan.hpp>

namespace hocket {

namespace rt {
class scheduler;
}

/// Tells TBB to make no threads in this process, from now on.
void tbb_makes_no_threads();

/// Whoever includes this has it said before main() begins.
inline const int tbb_was_told = (tbb_makes_no_threads(), 0);

class worker_arena final : public rt::borrower {
 public:
  explicit worker_arena(rt::scheduler& sched);

  /// The arena of a scheduler; made the first time. It lives as long as the scheduler.
  static worker_arena& of(rt::scheduler& sched);

  /// Calls `work` in the arena on the calling worker while idle workers help. What it starts with TBB is in `context`.
  /// Throws what it throws. Only on a worker that is in no arena.
  template <class F>
  void run(tbb::task_group_context& context, const F& work) {
    const borrowing while_it_runs(sched_);
    const tbb_machinery from_here;
    arena_.execute([&] {
      tbb::task_group group(context);
      group.run_and_wait([&work] {
        const tbb_leaf here;
        work();
      });
    });
  }

  void help(unsigned index) noexcept override;
  void recall(unsigned index) noexcept override;

 private:
  // One worker's loans. here -> lent -> recalled -> here; a recall that comes first: here -> recalled -> here.
  enum class state : unsigned char { here, lent, recalled };
  struct alignas(rt::cache_line) loan {
    std::atomic<state> at{state::here};
    std::atomic<bool> let_go{false};  // the recaller has taken `hold`, and will not come back
    tbb::task_group waits_for;
    tbb::task_handle
        hold;  // of waits_for: never run; dropping it ends the wait. The one that moved `at` away from lent
  };

  /// While it lives, the scheduler lends idle workers, and checkpoint() on this thread looks for a cancel.
  class borrowing {
   public:
    explicit borrowing(rt::scheduler& sched) noexcept;
    borrowing(const borrowing&) = delete;
    borrowing& operator=(const borrowing&) = delete;
    ~borrowing();

   private:
    rt::scheduler& sched_;
  };

  rt::scheduler& sched_;
  tbb::task_arena arena_;
  std::vector<loan> loans_;  // by worker
};

}  // namespace hocket
