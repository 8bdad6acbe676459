// nqueens by when_all over the places of a row, in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> solutions(nqueens::board b, int n) {
  if (b.row == n) co_return 1;
  std::vector<Coro<long>> children;
  for (std::uint32_t free = b.free(n); free != 0; free &= free - 1) {
    children.push_back(solutions(b.with(free & -free), n));
  }
  if (children.empty()) co_return 0;
  const std::vector<long> sums = co_await asyncio::when_all(std::move(children));
  long sum = 0;
  for (const long s : sums) sum += s;
  co_return sum;
}

Coro<> async_main(bench::options o) {
  for (const long n : nqueens::passes(o)) {
    const bench::stopwatch watch;
    const long result = co_await solutions({}, static_cast<int>(n));
    if (n == o.size) nqueens::report(o, watch.read(), result);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = nqueens::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
