// lock_pair: a lock acquired and released by one task, again and again; nobody else wants it, nothing suspends.
#pragma once

#include "common/bench.hpp"

namespace lock_pair {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 10'000'000); }

inline void report(const bench::options& o, bench::measure m) { bench::per_op(m, static_cast<double>(o.size)); }

}  // namespace lock_pair
