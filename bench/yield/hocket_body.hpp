// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace yield {

inline hocket::Coro<long> take_turns(long turns) {
  long taken = 0;
  for (; taken < turns; ++taken) co_await hocket::sleep(0);
  co_return taken;
}

inline hocket::Coro<> body(bench::options o) {
  for (const long turns : o.passes()) {
    const bench::stopwatch watch;
    std::vector<hocket::Task<long>> all;
    for (long i = 0; i < tasks; ++i) all.push_back(hocket::create_task(take_turns(turns / tasks)));
    long taken = 0;
    for (auto& each : all) taken += co_await each;
    if (turns == o.size) report(o, watch.read(), taken);
  }
}

}  // namespace yield
