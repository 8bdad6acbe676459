// wake: a plain thread hands work to a runtime whose workers are parked; the time until the work's first instruction
// runs. The poster sleeps between posts: one that spun would take the core that the woken worker needs. A round is the
// median of `size` posts.
#pragma once

#include "common/bench.hpp"

namespace wake {

inline constexpr long default_posts = 500;
inline constexpr auto idle_before_each = std::chrono::microseconds(600);

/// The median of what `post()` takes to arrive, and what a post costs all processors: it hands work over, blocks until
/// it has run, and gives the time at which it ran.
template <class Post>
bench::measure median_latency(long posts, Post post) {
  const bench::stopwatch watch;
  std::vector<double> latencies;
  for (long i = 0; i < posts; ++i) {
    std::this_thread::sleep_for(idle_before_each);
    const auto start = bench::steady::now();
    const bench::steady::time_point arrival = post();
    latencies.push_back(std::chrono::duration<double, std::nano>(arrival - start).count());
  }
  const auto middle = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() / 2);
  std::nth_element(latencies.begin(), middle, latencies.end());
  return {*middle, watch.read().cpu / static_cast<double>(posts)};
}

inline void report(const char* runtime, const bench::options& o, const bench::measures& medians) {
  bench::report("wake", runtime, o, "post, median", 1, medians);
}

}  // namespace wake
