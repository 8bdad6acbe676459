// skynet: a tree of tasks, ten children each, a million leaves that give their number; every node gives the sum below
// it. After: A. Temerev, "Skynet 1M concurrency microbenchmark".
#pragma once

#include "common/bench.hpp"

namespace skynet {

inline constexpr long default_leaves = 1'000'000;  // a power of ten
inline constexpr long fan_out = 10;

inline long expected(long leaves) { return leaves * (leaves - 1) / 2; }
inline double tasks(long leaves) {
  double count = 0;
  for (long level = 1; level <= leaves; level *= fan_out) count += static_cast<double>(level);
  return count;
}

inline void report(const char* runtime, const bench::options& o, const bench::measures& rounds) {
  bench::report("skynet", runtime, o, "task", tasks(o.size), rounds);
}

}  // namespace skynet
