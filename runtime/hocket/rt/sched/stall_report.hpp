// Who is stuck: one report for each task that computes for so long that asyncio would have complained.
//
// The watch finds it (standby.hpp) and notes it here; a thread of its own looks at the stuck worker (stall_probe.hpp),
// finds names for what it saw, which takes long, and prints. So nobody who serves events is kept by it.
// README.md, "Stalls are reported".
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/sched/stall_probe.hpp>

namespace hocket::rt {

class scheduler;

class stall_report {
 public:
  /// `threshold`: a run is a stall when it takes longer. Starts a thread; throws std::system_error.
  stall_report(scheduler& sched, nanos threshold);
  stall_report(const stall_report&) = delete;
  stall_report& operator=(const stall_report&) = delete;
  ~stall_report() { stop(); }

  nanos threshold() const noexcept { return threshold_; }

  /// Seat `index` has been at its run number `runs`, in `task`, since `since`. False: the last one is still being
  /// reported; note it again. Any thread.
  bool note(unsigned index, std::uint64_t runs, const void* task, nanos since) noexcept;

  /// How many it has printed.
  std::uint64_t printed() const noexcept { return printed_.load(relaxed); }  // order: a number

  /// Joins its thread. Before the threads that it looks at end.
  void stop() noexcept;

 private:
  struct stall {
    unsigned index;
    std::uint64_t runs;
    const void* task;
    nanos since;
  };

  void main() noexcept;
  void report(const stall& s);
  bool goes_on(const stall& s) const noexcept;
  bool is_to_be_told(const running_task& task, unsigned& times);

  scheduler& sched_;
  const nanos threshold_;
  const bool has_signal_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<stall> noted_;  // guarded by mutex_, as is the next
  bool stops_ = false;
  std::map<std::pair<const char*, unsigned>, unsigned> times_;  // by function and line; its thread only
  std::atomic<std::uint64_t> printed_{0};
  std::thread thread_;
};

}  // namespace hocket::rt
