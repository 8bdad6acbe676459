// Keeps a process below its CPU quota by itself: whoever is about to compute for long waits until the time is there.
//
// A control group that has used its quota stands still for the rest of the period, up to a tenth of a second, with all
// its threads: also those that would serve sockets. If only long work waits, a little at a time, the quota is never
// used up. The budget: processor time of the process, which grows by 95 % of the quota; what is not used within 2 ms is
// lost. Calls: any thread.
#pragma once

#include <atomic>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class cpu_pacer {
 public:
  /// The quota of now, in CPUs; 0: there is none that binds. The watch only, or before there are others.
  void set_quota(double cpus, nanos now, nanos used) noexcept;

  bool is_on() const noexcept { return rate_.load(relaxed) > 0; }  // order: a hint

  /// How long long work should wait, when the process has used so much processor time until now. 0: not at all.
  nanos wait_before(nanos now, nanos used) noexcept;

 private:
  static constexpr double part = 0.95;  // of the quota: the rest is for what never waits
  static constexpr nanos most_saved = 2 * nanos_per_ms;
  static constexpr nanos shortest_wait = nanos_per_ms;  // going to sleep and getting up costs, too
  static constexpr nanos longest_wait = 20 * nanos_per_ms;

  // order: all relaxed: two who reckon at once are off by what one of them is about to use.
  std::atomic<double> rate_{0};  // budget per time
  std::atomic<nanos> base_{0};   // the budget is base_ + rate_ * now
};

/// The processor time that this process has used.
inline nanos process_cpu_time() noexcept { return clock_now(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace hocket::rt
