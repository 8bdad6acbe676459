// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace lock_contended {

inline hocket::Coro<> take(hocket::Lock shared, long times) {
  for (long i = 0; i < times; ++i) {
    co_await shared.acquire();
    co_await hocket::sleep(0);
    shared.release();
  }
}

inline hocket::Coro<> body(bench::options o) {
  const hocket::Lock shared;
  for (const long times : o.passes()) {
    const bench::stopwatch watch;
    co_await hocket::gather(take(shared, times / tasks), take(shared, times / tasks));
    if (times == o.size) report(o, watch.read());
  }
}

}  // namespace lock_contended
