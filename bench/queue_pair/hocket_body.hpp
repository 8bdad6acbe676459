// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace queue_pair {

inline hocket::Coro<> body(bench::options o) {
  const hocket::Queue<long> queue;
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < pairs; ++i) {
      co_await queue.put(i);
      sum += co_await queue.get();
    }
    if (pairs == o.size) report(o, watch.read(), sum);
  }
}

}  // namespace queue_pair
