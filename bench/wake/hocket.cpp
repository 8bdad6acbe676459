// wake: a plain thread puts into a queue at which a task of the parallel door waits.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> serve(asyncio::Queue<bool> posts, wake::arrival& arrival) {
  for (;;) {
    const bool more = co_await posts.get();
    if (!more) co_return;
    arrival.note();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = wake::parse(argc, argv);
  const asyncio::Queue<bool> posts;
  wake::arrival arrival;
  std::thread poster([&] {
    wake::measure(o, [&] {
      posts.put_nowait(true);
      return arrival.wait();
    });
    posts.put_nowait(false);
  });
  asyncio::run_parallel(serve(posts, arrival), {.workers = o.workers});
  poster.join();
}
