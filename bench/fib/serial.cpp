// fib as a plain function on one thread: what the recursion itself costs.
#include "config.hpp"

namespace {

[[gnu::noinline]] long fib_of(long n) { return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2); }

}  // namespace

int main(int argc, char** argv) {
  auto o = bench::parse(argc, argv, fib::default_n);
  o.workers = 1;
  bench::measures rounds;
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    const long result = fib_of(o.size);
    rounds.push_back(watch.read());
    bench::check(result == fib::expected(o.size), "fib");
  }
  fib::report("serial", o, rounds);
}
