// queue_1p1c: one producer and one consumer over a queue of 1024 places.
#pragma once

#include "common/bench.hpp"

namespace queue_1p1c {

inline constexpr long default_items = 2'000'000;
inline constexpr long capacity = 1024;

inline void report(const char* runtime, const bench::options& o, const bench::measures& rounds) {
  bench::report("queue_1p1c", runtime, o, "item", static_cast<double>(o.size), rounds);
}

}  // namespace queue_1p1c
