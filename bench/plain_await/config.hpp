// plain_await: a coroutine calls another and awaits it, which gives its result at once. No task, no scheduler.
#pragma once

#include "common/bench.hpp"

namespace plain_await {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 20'000'000); }

/// The callee; the compiler cannot know what it gives.
inline long hidden(long i) {
  asm volatile("" : "+r"(i));
  return i;
}

inline void report(const bench::options& o, bench::measure m, long sum) {
  bench::check(sum == o.size * (o.size - 1) / 2, "plain_await");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace plain_await
