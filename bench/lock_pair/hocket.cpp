// lock_pair: hocket's Lock.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> async_main(bench::options o) {
  const asyncio::Lock shared;
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    for (long i = 0; i < pairs; ++i) {
      co_await shared.acquire();
      shared.release();
    }
    if (pairs == o.size) lock_pair::report(o, watch.read());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = lock_pair::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
