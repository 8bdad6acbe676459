// queue_pair: one task puts an item into an unbounded queue and takes it out again; nobody waits, nothing suspends. An
// operation is the pair.
#pragma once

#include "common/bench.hpp"

namespace queue_pair {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 5'000'000); }

inline void report(const bench::options& o, bench::measure m, long sum) {
  bench::check(sum == o.size * (o.size - 1) / 2, "queue_pair");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace queue_pair
