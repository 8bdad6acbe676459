// What both doors run.
#pragma once

#include <hocket/hocket.hpp>

#include "config.hpp"

namespace gather_100k {

inline hocket::Coro<long> one(long i) { co_return i; }

inline hocket::Coro<> body(bench::options o) {
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    std::vector<hocket::Coro<long>> coros;
    coros.reserve(static_cast<std::size_t>(tasks));
    for (long i = 0; i < tasks; ++i) coros.push_back(one(i));
    const std::vector<long> results = co_await hocket::gather(std::move(coros));
    if (tasks == o.size) report(o, watch.read(), results);
  }
}

}  // namespace gather_100k
