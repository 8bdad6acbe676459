// wake: a plain thread hands work to a runtime whose workers are parked; the time until the work's first instruction
// runs. The poster sleeps between posts: one that spun would take the core that the woken worker needs.
#pragma once

#include <semaphore>

#include "common/bench.hpp"

namespace wake {

/// Where the work says that it runs, and the poster sleeps until it has.
class arrival {
 public:
  void note() {
    when_ = bench::steady::now();
    done_.release();
  }
  bench::steady::time_point wait() {
    done_.acquire();
    return when_;
  }

 private:
  bench::steady::time_point when_;
  std::binary_semaphore done_{0};
};

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 500); }

/// Posts `size` times with a pause before each; `post()` hands the work over, waits until it has run, and gives the
/// time at which it ran.
template <class Post>
void measure(const bench::options& o, Post post) {
  const std::chrono::microseconds idle(o.integer("idle_us", 600));
  std::vector<double> latencies;
  for (long i = 0; i < o.size + 3; ++i) {
    std::this_thread::sleep_for(idle);
    const auto start = bench::steady::now();
    const bench::steady::time_point arrival = post();
    if (i >= 3) latencies.push_back(std::chrono::duration<double, std::micro>(arrival - start).count());
  }
  bench::metric("p50_us", "us", bench::percentile(latencies, 0.5));
  bench::metric("p99_us", "us", bench::percentile(latencies, 0.99));
}

}  // namespace wake
