// fork_join by when_all, in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> leaf(long i) { co_return fork_join::leaf(i); }

Coro<> async_main(bench::options o) {
  for (const long forks : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < forks; ++i) {
      const auto both = co_await asyncio::when_all(leaf(i), leaf(i + 1));
      sum += std::get<0>(both) + std::get<1>(both);
    }
    if (forks == o.size) fork_join::report(o, watch.read(), sum);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = fork_join::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
