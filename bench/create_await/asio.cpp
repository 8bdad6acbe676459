// create_await by Asio's co_spawn with use_awaitable, inside one coroutine of an io_context.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

asio::awaitable<long> one(long i) { co_return i; }

asio::awaitable<void> async_main(bench::options o) {
  const auto executor = co_await asio::this_coro::executor;
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    long sum = 0;
    for (long i = 0; i < tasks; ++i) sum += co_await asio::co_spawn(executor, one(i), asio::use_awaitable);
    if (tasks == o.size) create_await::report(o, watch.read(), sum);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = create_await::parse(argc, argv);
  bench::run_asio(o.workers, [&](asio::io_context& io) { asio::co_spawn(io, async_main(o), asio::detached); });
}
