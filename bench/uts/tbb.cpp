// uts by a oneTBB task_group a node.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "config.hpp"

namespace {

long count(uts::node n, long depth) {
  const long children = uts::children(n, depth);
  if (children == 0) return 1;
  std::array<long, uts::most_children> sums;
  tbb::task_group group;
  for (long i = 0; i < children; ++i) {
    group.run([&sum = sums[static_cast<std::size_t>(i)], n, i, depth] { sum = count(uts::child(n, i), depth); });
  }
  group.wait();
  long sum = 1;
  for (long i = 0; i < children; ++i) sum += sums[static_cast<std::size_t>(i)];
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = uts::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long depth : uts::passes(o)) {
    const bench::stopwatch watch;
    const long nodes = arena.execute([&] { return count(uts::root, depth); });
    if (depth == o.size) uts::report(o, watch.read(), nodes);
  }
}
