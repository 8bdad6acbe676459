// idle_cpu: a runtime whose workers have all worked once has nothing to do for a while. What does it use?
#pragma once

#include "common/bench.hpp"

namespace idle_cpu {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 0); }
inline double seconds(const bench::options& o) { return o.number("seconds", 1); }

/// A runtime may search a little longer before it parks: that long nothing is measured.
inline constexpr auto settle = std::chrono::milliseconds(50);

/// Enough of it keeps every worker busy for a moment.
inline long work() {
  long sum = 0;
  for (long i = 0; i < 1'000'000; ++i) {
    asm volatile("" : "+r"(i));
    sum += i;
  }
  return sum;
}

inline void report(bench::measure m) { bench::metric("cpu_percent", "%", 100 * m.cpu / m.wall); }

/// From a plain thread, when the work is done.
inline void look_on(const bench::options& o) {
  std::this_thread::sleep_for(settle);
  const bench::stopwatch watch;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds(o)));
  report(watch.read());
}

}  // namespace idle_cpu
