// matmul by when_all over four quarters, twice, in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;
using matmul::part;

Coro<> multiply(part a, part b, part c, long n) {
  if (n == matmul::leaf) {
    matmul::multiply_leaf(a, b, c);
    co_return;
  }
  const long half = n / 2;
  for (const int k : {0, 1}) {
    const auto quarter = [&](int i, int j) {
      return multiply(a.quarter(i, k, half), b.quarter(k, j, half), c.quarter(i, j, half), half);
    };
    co_await asyncio::when_all(quarter(0, 0), quarter(0, 1), quarter(1, 0), quarter(1, 1));
  }
}

Coro<> async_main(matmul::matrices& m) {
  const bench::stopwatch watch;
  co_await multiply(m.of(m.a), m.of(m.b), m.of(m.c), m.n);
  m.report(watch.read());
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = matmul::parse(argc, argv);
  matmul::matrices m(o.size);
  asyncio::run_parallel(async_main(m), {.workers = o.workers});
}
