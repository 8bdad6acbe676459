// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace create_await {

inline hocket::Coro<long> one(long i) { co_return i; }

inline hocket::Coro<> body(bench::options o) {
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < tasks; ++i) sum += co_await hocket::create_task(one(i));
    if (tasks == o.size) report(o, watch.read(), sum);
  }
}

}  // namespace create_await
