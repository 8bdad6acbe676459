// nqueens by a oneTBB task_group a board.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "config.hpp"

namespace {

long solutions(nqueens::board b, int n) {
  if (b.row == n) return 1;
  std::array<long, 16> sums{};
  std::size_t children = 0;
  tbb::task_group group;
  for (std::uint32_t free = b.free(n); free != 0; free &= free - 1) {
    group.run([&sum = sums[children++], child = b.with(free & -free), n] { sum = solutions(child, n); });
  }
  group.wait();
  long sum = 0;
  for (std::size_t i = 0; i < children; ++i) sum += sums[i];
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = nqueens::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long n : nqueens::passes(o)) {
    const bench::stopwatch watch;
    const long result = arena.execute([&] { return solutions({}, static_cast<int>(n)); });
    if (n == o.size) nqueens::report(o, watch.read(), result);
  }
}
