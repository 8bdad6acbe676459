// plain_await: co_await of an asio::awaitable.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

[[gnu::noinline]] asio::awaitable<long> callee(long i) { co_return plain_await::hidden(i); }

asio::awaitable<void> async_main(bench::options o) {
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
  bench::run_asio(o.workers, [&](asio::io_context& io) { asio::co_spawn(io, async_main(o), asio::detached); });
}
