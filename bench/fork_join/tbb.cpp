// fork_join by oneTBB's parallel_invoke.
#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>

#include "config.hpp"

namespace {

long run_all(long forks) {
  long sum = 0;
  for (long i = 0; i < forks; ++i) {
    long a = 0, b = 0;
    tbb::parallel_invoke([&a, i] { a = fork_join::leaf(i); }, [&b, i] { b = fork_join::leaf(i + 1); });
    sum += a + b;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = fork_join::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long forks : o.passes()) {
    const bench::stopwatch watch;
    const long sum = arena.execute([&] { return run_all(forks); });
    if (forks == o.size) fork_join::report(o, watch.read(), sum);
  }
}
