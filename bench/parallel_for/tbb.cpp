// parallel_for by oneTBB alone, with its own threads and its own partitioner.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = collatz::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  for (const long n : o.passes()) {
    std::vector<std::uint32_t> found(static_cast<std::size_t>(n));
    const bench::stopwatch watch;
    arena.execute(
        [&] { tbb::parallel_for(0L, n, [&found](long i) { found[static_cast<std::size_t>(i)] = collatz::at(i); }); });
    if (n == o.size) collatz::report(o, watch.read(), found);
  }
}
