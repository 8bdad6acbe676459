// timeout_pair's floor: a deadline from the clock goes into an ordered set and out again, around a bare coroutine.
#include <set>

#include "common/raw_coro.hpp"
#include "config.hpp"

namespace {

[[gnu::noinline]] bench::raw_coro block() { co_return 0; }

bench::raw_coro body(long pairs) {
  std::multiset<bench::steady::time_point> deadlines;
  for (long i = 0; i < pairs; ++i) {
    const auto mine = deadlines.insert(bench::steady::now() + std::chrono::seconds(10));
    co_await block();
    deadlines.erase(mine);
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = timeout_pair::parse(argc, argv);
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    const bench::raw_coro whole = body(pairs);
    whole.start();
    if (pairs == o.size) timeout_pair::report(o, watch.read());
  }
}
