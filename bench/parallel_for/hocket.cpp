// parallel_for awaited: oneTBB on hocket's workers.
#include <hocket/hocket.hpp>
#include <hocket/tbb/parallel_for.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> async_main(bench::options o) {
  for (const long n : o.passes()) {
    std::vector<std::uint32_t> found(static_cast<std::size_t>(n));
    const bench::stopwatch watch;
    const auto one = [&found](long i) { found[static_cast<std::size_t>(i)] = collatz::at(i); };
    co_await asyncio::parallel_for(0L, n, one);
    if (n == o.size) collatz::report(o, watch.read(), found);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = collatz::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
