// parallel_for: a function that costs some 20 to 600 ns, the dearer ones side by side, for each of many numbers. It
// measures how a range is spread over the workers when its parts are not alike.
#pragma once

#include "common/bench.hpp"

namespace collatz {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 5'000'000); }

/// Steps of the Collatz sequence from n to 1.
inline std::uint32_t steps(std::uint64_t n) {
  std::uint32_t count = 0;
  for (; n > 1; ++count) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return count;
}

/// The work of place i: more of it in every second stretch of 4096.
inline std::uint32_t at(long i) {
  const auto n = static_cast<std::uint64_t>(i) + 1;
  return (i / 4096) % 2 == 0 ? steps(n % 64 + 1) : steps(n);
}

inline void report(const bench::options& o, bench::measure m, const std::vector<std::uint32_t>& found) {
  bench::check(found.size() == static_cast<std::size_t>(o.size), "parallel_for: the size");
  for (long i = 0; i < o.size; i += 997) bench::check(found[static_cast<std::size_t>(i)] == at(i), "parallel_for");
  bench::check(found.back() == at(o.size - 1), "parallel_for: the last");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace collatz
