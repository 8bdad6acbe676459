// nqueens as a plain recursion on one thread.
#include <bit>

#include "config.hpp"

namespace {

[[gnu::noinline]] long solutions(nqueens::board b, int n) {
  if (b.row == n) return 1;
  long sum = 0;
  for (std::uint32_t free = b.free(n); free != 0; free &= free - 1) sum += solutions(b.with(free & -free), n);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = nqueens::parse(argc, argv);
  for (const long n : nqueens::passes(o)) {
    const bench::stopwatch watch;
    const long result = solutions({}, static_cast<int>(n));
    if (n == o.size) nqueens::report(o, watch.read(), result);
  }
}
