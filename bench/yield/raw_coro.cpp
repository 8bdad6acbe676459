// yield's floor: bare coroutines that take turns in a FIFO of handles.
#include "common/raw_coro.hpp"
#include "common/raw_loop.hpp"
#include "config.hpp"

namespace {

bench::raw_coro take_turns(bench::raw_loop& loop, long turns) {
  long taken = 0;
  for (; taken < turns; ++taken) co_await loop.turn();
  co_return taken;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = yield::parse(argc, argv);
  for (const long turns : o.passes()) {
    const bench::stopwatch watch;
    bench::raw_loop loop;
    std::vector<bench::raw_coro> all;
    for (long i = 0; i < yield::tasks; ++i) all.push_back(take_turns(loop, turns / yield::tasks));
    for (const bench::raw_coro& each : all) each.start();
    loop.run();
    long taken = 0;
    for (const bench::raw_coro& each : all) taken += each.value();
    if (turns == o.size) yield::report(o, watch.read(), taken);
  }
}
