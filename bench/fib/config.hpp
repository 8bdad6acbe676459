// fib: the recursive Fibonacci number, one task for each call but the last of each pair, no cut-off. It measures what a
// fork and a join cost, for the work itself is an addition.
#pragma once

#include "common/bench.hpp"

namespace fib {

/// What the programs must find, and how many calls that takes.
inline long expected(long n) {
  long a = 0, b = 1;
  for (long i = 0; i < n; ++i) b = std::exchange(a, b) + b;
  return a;
}
inline double calls(long n) { return 2.0 * static_cast<double>(expected(n + 1)) - 1.0; }

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 32); }
inline std::array<long, 2> passes(const bench::options& o) { return {std::max(1L, o.size - 5), o.size}; }

inline void report(const bench::options& o, bench::measure m, long result) {
  bench::check(result == expected(o.size), "fib");
  bench::per_op(m, calls(o.size));
}

}  // namespace fib
