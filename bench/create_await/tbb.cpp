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
  const auto o = create_await::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    const long sum = arena.execute([&] { return run_all(tasks); });
    if (tasks == o.size) create_await::report(o, watch.read(), sum);
  }
}
