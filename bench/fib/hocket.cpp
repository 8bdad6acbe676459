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

Coro<> async_main(bench::options o, bench::measures& rounds) {
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    const long result = co_await fib_of(o.size);
    rounds.push_back(watch.read());
    bench::check(result == fib::expected(o.size), "fib");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, fib::default_n);
  bench::measures rounds;
  asyncio::run_parallel(async_main(o, rounds), {.workers = o.workers});
  fib::report("hocket", o, rounds);
}
