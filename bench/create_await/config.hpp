// create_await: a task is created and awaited at once, one after the other, by one coroutine: creation, queueing,
// completion and wake of a single task.
#pragma once

#include "common/bench.hpp"

namespace create_await {

inline constexpr long default_tasks = 1'000'000;

inline void report(const char* runtime, const bench::options& o, const bench::measures& rounds) {
  bench::report("create_await", runtime, o, "task", static_cast<double>(o.size), rounds);
}

}  // namespace create_await
