// yield: a hundred tasks, each of which lets the others go first again and again. An operation is one turn of one task.
#pragma once

#include "common/bench.hpp"

namespace yield {

inline constexpr long tasks = 100;

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 2'000'000); }

/// `turns`: what all tasks counted together.
inline void report(const bench::options& o, bench::measure m, long turns) {
  bench::check(turns == o.size / tasks * tasks, "yield");
  bench::per_op(m, static_cast<double>(turns));
}

}  // namespace yield
