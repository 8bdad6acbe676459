// external_post in the serial door: loop.call_soon_threadsafe, as in asyncio.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> async_main(bench::options o) {
  const auto loop = asyncio::get_running_loop();
  const asyncio::Event finished;
  std::thread poster([&] {
    external_post::countdown jobs;
    external_post::measure(o, jobs, [&] { loop.call_soon([&] { jobs.run_one(); }); });
    loop.call_soon([&] { finished.set(); });
  });
  co_await finished.wait();
  poster.join();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = external_post::parse(argc, argv);
  asyncio::run(async_main(o), {.workers = o.workers});
}
