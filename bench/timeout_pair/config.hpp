// timeout_pair: a block under a limit is entered and left in time, again and again; what it does is one call that gives
// its result at once, so that the limit is all that costs.
#pragma once

#include "common/bench.hpp"

namespace timeout_pair {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 2'000'000); }

inline void report(const bench::options& o, bench::measure m) { bench::per_op(m, static_cast<double>(o.size)); }

}  // namespace timeout_pair
