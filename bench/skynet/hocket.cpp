// skynet by when_all over a vector of children, in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> sum_below(long first, long leaves) {
  if (leaves == 1) co_return first;
  const long step = leaves / skynet::fan_out;
  std::vector<Coro<long>> children;
  children.reserve(skynet::fan_out);
  for (long i = 0; i < skynet::fan_out; ++i) children.push_back(sum_below(first + i * step, step));
  const std::vector<long> sums = co_await asyncio::when_all(std::move(children));
  long sum = 0;
  for (const long s : sums) sum += s;
  co_return sum;
}

Coro<> async_main(bench::options o) {
  for (const long leaves : o.passes()) {
    const bench::stopwatch watch;
    const long result = co_await sum_below(0, leaves);
    if (leaves == o.size) skynet::report(o, watch.read(), result);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = skynet::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
