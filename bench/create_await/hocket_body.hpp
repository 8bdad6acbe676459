// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace create_await {

inline hocket::Coro<long> one(long i) { co_return i; }

inline hocket::Coro<> body(bench::options o, bench::measures& rounds) {
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < o.size; ++i) sum += co_await hocket::create_task(one(i));
    rounds.push_back(watch.read());
    bench::check(sum == o.size * (o.size - 1) / 2, "create_await");
  }
}

}  // namespace create_await
