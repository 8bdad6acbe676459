// Producers and consumers as plain threads, for the peers whose queues block a thread.
#pragma once

#include "config.hpp"

namespace queue {

/// `put(i)` and `get()` block; called by 2 * pairs threads.
template <class Put, class Get>
long run_threads(const options& o, long items, Put put, Get get) {
  std::vector<std::thread> producers, consumers;
  std::vector<long> sums(static_cast<std::size_t>(o.pairs));
  for (long pair = 0; pair < o.pairs; ++pair) {
    producers.emplace_back([&put, each = items / o.pairs] {
      for (long i = 0; i < each; ++i) put(i);
    });
    consumers.emplace_back([&get, &sum = sums[static_cast<std::size_t>(pair)], each = items / o.pairs] {
      long own = 0;  // the sums of all lie on one cache line
      for (long i = 0; i < each; ++i) own += get();
      sum = own;
    });
  }
  long sum = 0;
  for (std::size_t i = 0; i < producers.size(); ++i) {
    producers[i].join();
    consumers[i].join();
    sum += sums[i];
  }
  return sum;
}

}  // namespace queue
