// skynet: a tree of tasks, ten children each, a million leaves that give their number; every node gives the sum below
// it. After: A. Temerev, "Skynet 1M concurrency microbenchmark".
#pragma once

#include "common/bench.hpp"

namespace skynet {

inline constexpr long fan_out = 10;

inline long expected(long leaves) { return leaves * (leaves - 1) / 2; }
inline double tasks(long leaves) {
  double count = 0;
  for (long level = 1; level <= leaves; level *= fan_out) count += static_cast<double>(level);
  return count;
}

/// `--size` is a power of ten: the number of leaves.
inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 1'000'000); }

inline void report(const bench::options& o, bench::measure m, long result) {
  bench::check(result == expected(o.size), "skynet");
  bench::per_op(m, tasks(o.size));
}

}  // namespace skynet
