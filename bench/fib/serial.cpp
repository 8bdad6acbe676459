// fib as a plain function on one thread: what the recursion itself costs.
#include "config.hpp"

namespace {

[[gnu::noinline]] long fib_of(long n) { return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2); }

}  // namespace

int main(int argc, char** argv) {
  const auto o = fib::parse(argc, argv);
  for (const long n : fib::passes(o)) {
    const bench::stopwatch watch;
    const long result = fib_of(n);
    if (n == o.size) fib::report(o, watch.read(), result);
  }
}
