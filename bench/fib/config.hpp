// fib: the recursive Fibonacci number, one task for each call but the last of each pair, no cut-off. It measures what a
// fork and a join cost, for the work itself is an addition.
#pragma once

#include "common/bench.hpp"

namespace fib {

inline constexpr long default_n = 32;

/// What the programs must find, and how many calls that takes.
inline long expected(long n) {
  long a = 0, b = 1;
  for (long i = 0; i < n; ++i) b = std::exchange(a, b) + b;
  return a;
}
inline double calls(long n) { return 2.0 * static_cast<double>(expected(n + 1)) - 1.0; }

inline void report(const char* runtime, const bench::options& o, const bench::measures& rounds) {
  bench::report("fib", runtime, o, "call", calls(o.size), rounds);
}

}  // namespace fib
