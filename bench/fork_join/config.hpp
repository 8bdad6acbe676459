// fork_join: one task forks two leaves and joins them, again and again. Idle workers look on: each fork wakes them or
// not, and they steal the leaf or not.
#pragma once

#include "common/bench.hpp"

namespace fork_join {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 1'000'000); }

/// A leaf gives its number, which the compiler cannot know.
[[gnu::noinline]] inline long leaf(long i) {
  asm volatile("" : "+r"(i));
  return i;
}

/// `sum` is of the leaves i and i + 1, for each i below the size.
inline void report(const bench::options& o, bench::measure m, long sum) {
  bench::check(sum == o.size * o.size, "fork_join");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace fork_join
