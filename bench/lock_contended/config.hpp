// lock_contended: two tasks that hand one lock to each other: each holds it over a turn of the loop, so the other one
// always waits. An operation is one acquire.
#pragma once

#include "common/bench.hpp"

namespace lock_contended {

inline constexpr long tasks = 2;

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 1'000'000); }

inline void report(const bench::options& o, bench::measure m) { bench::per_op(m, static_cast<double>(o.size)); }

}  // namespace lock_contended
