// plain_await: co_await of a Coro.
#include <hocket/hocket.hpp>

#include "config.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

[[gnu::noinline]] Coro<long> callee(long i) { co_return plain_await::hidden(i); }

Coro<> async_main(bench::options o) {
  for (const long calls : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < calls; ++i) sum += co_await callee(i);
    if (calls == o.size) plain_await::report(o, watch.read(), sum);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = plain_await::parse(argc, argv);
  asyncio::run_parallel(async_main(o), {.workers = o.workers});
}
