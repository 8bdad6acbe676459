// nqueens: counts the ways to put n queens on a board of n by n, row by row, a task for each place that is allowed, no
// cut-off. An operation is a placed queen.
#pragma once

#include "common/bench.hpp"

namespace nqueens {

/// The rows that are filled; a bit for each column that is taken, and for both diagonals as they cross the next row.
struct board {
  std::uint32_t columns = 0, left = 0, right = 0;
  int row = 0;

  /// The columns of the next row that no queen attacks.
  std::uint32_t free(int n) const { return ~(columns | left | right) & ((1u << n) - 1); }
  /// With a queen on `place`, one bit.
  board with(std::uint32_t place) const {
    return {columns | place, (left | place) << 1, (right | place) >> 1, row + 1};
  }
};

inline bench::options parse(int argc, char** argv) {
  auto o = bench::parse(argc, argv, 12);
  bench::check(o.size >= 4 && o.size <= 14, "nqueens: --size is 4 to 14");
  return o;
}
inline std::array<long, 2> passes(const bench::options& o) { return {std::max(4L, o.size - 2), o.size}; }

/// Published numbers of solutions, and of the queens that are placed on the way, the root counted as one.
inline void report(const bench::options& o, bench::measure m, long solutions) {
  constexpr std::array<long, 11> expected{2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596};
  constexpr std::array<double, 11> placed{17, 54, 153, 552, 2057, 8394, 35539, 166926, 856189, 4674890, 27358553};
  const auto at = static_cast<std::size_t>(o.size - 4);
  bench::check(solutions == expected.at(at), "nqueens");
  bench::per_op(m, placed.at(at));
}

}  // namespace nqueens
