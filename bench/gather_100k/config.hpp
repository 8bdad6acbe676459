// gather_100k: very many tasks are created at once, each gives its number, and their results are gathered in order.
#pragma once

#include "common/bench.hpp"

namespace gather_100k {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 100'000); }

inline void report(const bench::options& o, bench::measure m, const std::vector<long>& results) {
  bool right = results.size() == static_cast<std::size_t>(o.size);
  for (std::size_t i = 0; right && i < results.size(); ++i) right = results[i] == static_cast<long>(i);
  bench::check(right, "gather_100k");
  bench::per_op(m, static_cast<double>(o.size));
}

}  // namespace gather_100k
