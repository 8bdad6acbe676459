// external_post: tasks for a parallel loop, created from outside: loop.create_task, asyncio's run_coroutine_threadsafe.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> job(external_post::countdown& jobs) {
  jobs.run_one();
  co_return;
}

Coro<> async_main(bench::options o) {
  const auto loop = asyncio::get_running_loop();
  const asyncio::Event finished;
  std::thread poster([&] {
    external_post::countdown jobs;
    external_post::measure(o, jobs, [&] { loop.create_task(job(jobs)); });
    loop.call_soon([&] { finished.set(); });
  });
  co_await finished.wait();
  poster.join();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = external_post::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
