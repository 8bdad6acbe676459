// timer_overshoot: one task sleeps for a millisecond, again and again; how much later than asked does it go on?
#pragma once

#include "common/bench.hpp"

namespace timer_overshoot {

inline constexpr auto delay = std::chrono::milliseconds(1);

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 1000); }

class overshoots {
 public:
  /// After a sleep that began at `start`.
  void note(bench::steady::time_point start) {
    all_.push_back(std::chrono::duration<double, std::micro>(bench::steady::now() - start - delay).count());
  }
  long count() const { return static_cast<long>(all_.size()); }
  void report() {
    bench::check(*std::min_element(all_.begin(), all_.end()) >= 0, "timer_overshoot: a sleep was too short");
    bench::metric("p50_us", "us", bench::percentile(all_, 0.5));
    bench::metric("p99_us", "us", bench::percentile(all_, 0.99));
  }

 private:
  std::vector<double> all_;
};

}  // namespace timer_overshoot
