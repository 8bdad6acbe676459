// matmul by oneTBB's parallel_invoke of four quarters, twice.
#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>

#include "config.hpp"

namespace {

using matmul::part;

void multiply(part a, part b, part c, long n) {
  if (n == matmul::leaf) return matmul::multiply_leaf(a, b, c);
  const long half = n / 2;
  for (const int k : {0, 1}) {
    const auto quarter = [&](int i, int j) {
      multiply(a.quarter(i, k, half), b.quarter(k, j, half), c.quarter(i, j, half), half);
    };
    tbb::parallel_invoke([&] { quarter(0, 0); }, [&] { quarter(0, 1); }, [&] { quarter(1, 0); },
                         [&] { quarter(1, 1); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = matmul::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::task_arena arena(static_cast<int>(o.workers));
  matmul::matrices m(o.size);
  const bench::stopwatch watch;
  arena.execute([&] { multiply(m.of(m.a), m.of(m.b), m.of(m.c), o.size); });
  m.report(watch.read());
}
