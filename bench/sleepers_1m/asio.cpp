// sleepers_1m: coroutines with a steady_timer each.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

asio::awaitable<void> sleeper(double seconds) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::duration_cast<bench::steady::duration>(std::chrono::duration<double>(seconds)));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = sleepers_1m::parse(argc, argv);
  const sleepers_1m::watch watch;
  bench::run_asio(o.workers, [&](asio::io_context& io) {
    for (long i = 0; i < o.size; ++i) asio::co_spawn(io, sleeper(sleepers_1m::seconds(o)), asio::detached);
  });
  watch.report(o);
}
