// idle_cpu: workers of the parallel door, whose one task waits for an event.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<long> work() { co_return idle_cpu::work(); }

Coro<> async_main(bench::options o) {
  std::vector<Coro<long>> all;
  for (unsigned i = 0; i < 4 * o.workers; ++i) all.push_back(work());
  co_await asyncio::when_all(std::move(all));
  const asyncio::Event finished;
  const auto loop = asyncio::get_running_loop();
  std::thread watcher([&] {
    idle_cpu::look_on(o);
    loop.call_soon([&] { finished.set(); });
  });
  co_await finished.wait();
  watcher.join();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = idle_cpu::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
