// uts by when_all over the children of a node, in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> count(uts::node n, long depth) {
  const long children = uts::children(n, depth);
  if (children == 0) co_return 1;
  std::vector<Coro<long>> below;
  below.reserve(static_cast<std::size_t>(children));
  for (long i = 0; i < children; ++i) below.push_back(count(uts::child(n, i), depth));
  const std::vector<long> sums = co_await asyncio::when_all(std::move(below));
  long sum = 1;
  for (const long s : sums) sum += s;
  co_return sum;
}

Coro<> async_main(bench::options o) {
  for (const long depth : uts::passes(o)) {
    const bench::stopwatch watch;
    const long nodes = co_await count(uts::root, depth);
    if (depth == o.size) uts::report(o, watch.read(), nodes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = uts::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
