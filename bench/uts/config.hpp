// uts: the nodes of a tree are counted whose shape nobody knows before: a node's children come from its hash. A task
// for each node. After: Olivier et al., "UTS: An Unbalanced Tree Search Benchmark", LCPC 2006, the geometric tree of
// fixed expected branching; with a cheaper hash than SHA-1, so that the runtime shows and the counts are not the
// published ones.
#pragma once

#include <cmath>

#include "common/bench.hpp"

namespace uts {

struct node {
  std::uint64_t hash;
  long depth;
};

constexpr std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
inline constexpr node root{mix(1), 0};
inline constexpr long most_children = 40;

inline node child(const node& n, long i) { return {mix(n.hash ^ mix(static_cast<std::uint64_t>(i) + 1)), n.depth + 1}; }

/// Four on average, distributed geometrically; none at the depth that `--size` says.
inline long children(const node& n, long depth) {
  if (n.depth >= depth) return 0;
  const double u = static_cast<double>(n.hash >> 11) * 0x1p-53;
  const long count = static_cast<long>(std::log1p(-u) / std::log(4.0 / 5.0));
  return std::min(count, most_children);
}

inline long count_serially(const node& n, long depth) {
  long sum = 1;
  for (long i = 0, count = children(n, depth); i < count; ++i) sum += count_serially(child(n, i), depth);
  return sum;
}

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 10); }
inline std::array<long, 2> passes(const bench::options& o) { return {std::max(1L, o.size - 2), o.size}; }

inline void report(const bench::options& o, bench::measure m, long nodes) {
  bench::check(nodes == count_serially(root, o.size), "uts");
  bench::per_op(m, static_cast<double>(nodes));
}

}  // namespace uts
