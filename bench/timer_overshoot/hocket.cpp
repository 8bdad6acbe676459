// timer_overshoot: sleep in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> async_main(bench::options o) {
  timer_overshoot::overshoots overshoots;
  while (overshoots.count() < o.size) {
    const auto start = bench::steady::now();
    co_await asyncio::sleep(timer_overshoot::delay);
    overshoots.note(start);
  }
  overshoots.report();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = timer_overshoot::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
