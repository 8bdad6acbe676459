// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace queue_1p1c {

inline hocket::Coro<> produce(hocket::Queue<long> queue, long items) {
  for (long i = 0; i < items; ++i) co_await queue.put(i);
}

inline hocket::Coro<long> consume(hocket::Queue<long> queue, long items) {
  long sum = 0;
  for (long i = 0; i < items; ++i) sum += co_await queue.get();
  co_return sum;
}

inline hocket::Coro<> body(bench::options o, bench::measures& rounds) {
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    const hocket::Queue<long> queue(capacity);
    auto producer = hocket::create_task(produce(queue, o.size));
    auto consumer = hocket::create_task(consume(queue, o.size));
    co_await producer;
    const long sum = co_await consumer;
    rounds.push_back(watch.read());
    bench::check(sum == o.size * (o.size - 1) / 2, "queue_1p1c");
  }
}

}  // namespace queue_1p1c
