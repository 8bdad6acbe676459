// create_await's nearest kin in oneTBB: a task in a task_group, waited for at once.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "config.hpp"

namespace {

long run_all(long tasks) {
  long sum = 0;
  tbb::task_group group;
  for (long i = 0; i < tasks; ++i) {
    group.run([&sum, i] { sum += i; });
    group.wait();
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, create_await::default_tasks);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  bench::measures rounds;
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    const long sum = arena.execute([&] { return run_all(o.size); });
    rounds.push_back(watch.read());
    bench::check(sum == o.size * (o.size - 1) / 2, "create_await");
  }
  create_await::report("tbb", o, rounds);
}
