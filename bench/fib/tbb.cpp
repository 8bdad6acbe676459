// fib by a oneTBB task_group: one child is a task, the other runs in place.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "config.hpp"

namespace {

long fib_of(long n) {
  if (n < 2) return n;
  long a = 0;
  tbb::task_group group;
  group.run([&a, n] { a = fib_of(n - 1); });
  const long b = fib_of(n - 2);
  group.wait();
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = fib::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long n : fib::passes(o)) {
    const bench::stopwatch watch;
    const long result = arena.execute([&] { return fib_of(n); });
    if (n == o.size) fib::report(o, watch.read(), result);
  }
}
