// gather_100k's floor: bare coroutines that are all made, wait in a FIFO of handles, and leave their numbers.
#include "common/raw_coro.hpp"
#include "common/raw_loop.hpp"
#include "config.hpp"

namespace {

[[gnu::noinline]] bench::raw_coro one(bench::raw_loop& loop, long i) {
  co_await loop.turn();
  co_return i;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = gather_100k::parse(argc, argv);
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    bench::raw_loop loop;
    std::vector<bench::raw_coro> all;
    all.reserve(static_cast<std::size_t>(tasks));
    for (long i = 0; i < tasks; ++i) {
      all.push_back(one(loop, i));
      all.back().start();
    }
    loop.run();
    std::vector<long> results;
    results.reserve(all.size());
    for (const bench::raw_coro& each : all) results.push_back(each.value());
    if (tasks == o.size) gather_100k::report(o, watch.read(), results);
  }
}
