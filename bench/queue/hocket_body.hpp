// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace queue {

inline hocket::Coro<> produce(hocket::Queue<long> queue, long items) {
  for (long i = 0; i < items; ++i) co_await queue.put(i);
}

inline hocket::Coro<long> consume(hocket::Queue<long> queue, long items) {
  long sum = 0;
  for (long i = 0; i < items; ++i) sum += co_await queue.get();
  co_return sum;
}

inline hocket::Coro<> body(options o) {
  for (const long items : o.passes()) {
    const bench::stopwatch watch;
    const hocket::Queue<long> queue(o.capacity);
    std::vector<hocket::Task<>> producers;
    std::vector<hocket::Task<long>> consumers;
    for (long i = 0; i < o.pairs; ++i) {
      producers.push_back(hocket::create_task(produce(queue, items / o.pairs)));
      consumers.push_back(hocket::create_task(consume(queue, items / o.pairs)));
    }
    long sum = 0;
    for (auto& each : producers) co_await each;
    for (auto& each : consumers) sum += co_await each;
    if (items == o.size) report(o, watch.read(), sum);
  }
}

}  // namespace queue
