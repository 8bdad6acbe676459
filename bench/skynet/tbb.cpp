// skynet by a oneTBB task_group a node: nine children are tasks, the tenth runs in place.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <array>

#include "config.hpp"

namespace {

long sum_below(long first, long leaves) {
  if (leaves == 1) return first;
  const long step = leaves / skynet::fan_out;
  std::array<long, skynet::fan_out> sums;
  tbb::task_group group;
  for (long i = 0; i + 1 < skynet::fan_out; ++i) {
    group.run([&sums, first, step, i] { sums[static_cast<std::size_t>(i)] = sum_below(first + i * step, step); });
  }
  sums.back() = sum_below(first + (skynet::fan_out - 1) * step, step);
  group.wait();
  long sum = 0;
  for (const long s : sums) sum += s;
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = skynet::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long leaves : o.passes()) {
    const bench::stopwatch watch;
    const long result = arena.execute([&] { return sum_below(0, leaves); });
    if (leaves == o.size) skynet::report(o, watch.read(), result);
  }
}
