// create_await: a task is created and awaited at once, one after the other, by one coroutine: creation, queueing,
// completion and wake of a single task.
#pragma once

#include "common/bench.hpp"

namespace create_await {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 500'000); }

/// The tasks give 0, 1, 2, ...; `sum` is what they gave together.
inline void report(const bench::options& o, bench::measure m, long sum) {
  bench::check(sum == o.size * (o.size - 1) / 2, "create_await");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace create_await
