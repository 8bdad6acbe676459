// external_post: a plain thread hands over jobs as fast as it can; the round ends when the last of them has run.
#pragma once

#include <atomic>
#include <semaphore>

#include "common/bench.hpp"

namespace external_post {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 200'000); }

/// The jobs count themselves here; the last wakes the poster.
class countdown {
 public:
  void expect(long jobs) { left_.store(jobs, std::memory_order_relaxed); }
  void run_one() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.release();
  }
  void wait() { done_.acquire(); }

 private:
  std::atomic<long> left_{0};
  std::binary_semaphore done_{0};
};

/// From the poster's thread: `post()` hands over a job that calls run_one().
template <class Post>
void measure(const bench::options& o, countdown& jobs, Post post) {
  for (const long count : o.passes()) {
    const bench::stopwatch watch;
    jobs.expect(count);
    for (long i = 0; i < count; ++i) post();
    jobs.wait();
    if (count == o.size) bench::per_op(watch.read(), static_cast<double>(count));
  }
}

}  // namespace external_post
