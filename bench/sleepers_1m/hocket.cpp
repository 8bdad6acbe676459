// sleepers_1m: tasks of the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> sleeper(double seconds) { co_await asyncio::sleep(seconds); }

Coro<> async_main(bench::options o) {
  const sleepers_1m::watch watch;
  std::vector<asyncio::Task<>> all;
  all.reserve(static_cast<std::size_t>(o.size));
  for (long i = 0; i < o.size; ++i) all.push_back(asyncio::create_task(sleeper(sleepers_1m::seconds(o))));
  for (auto& each : all) co_await each;
  watch.report(o);
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = sleepers_1m::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
