// fib by when_all in the parallel door: two children a call, one of which runs in place.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> fib_of(long n) {
  if (n < 2) co_return n;
  auto both = co_await asyncio::when_all(fib_of(n - 1), fib_of(n - 2));
  co_return std::get<0>(both) + std::get<1>(both);
}

Coro<> async_main(bench::options o) {
  for (const long n : fib::passes(o)) {
    const bench::stopwatch watch;
    const long result = co_await fib_of(n);
    if (n == o.size) fib::report(o, watch.read(), result);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = fib::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
