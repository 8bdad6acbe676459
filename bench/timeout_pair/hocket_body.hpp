// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace timeout_pair {

inline hocket::Coro<> body(bench::options o) {
  auto block = []() -> hocket::Coro<> { co_return; };
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    for (long i = 0; i < pairs; ++i) co_await hocket::timeout(10, block);
    if (pairs == o.size) report(o, watch.read());
  }
}

}  // namespace timeout_pair
