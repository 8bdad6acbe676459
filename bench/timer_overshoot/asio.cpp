// timer_overshoot: a steady_timer.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

asio::awaitable<void> async_main(bench::options o) {
  timer_overshoot::overshoots overshoots;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (overshoots.count() < o.size) {
    const auto start = bench::steady::now();
    timer.expires_after(timer_overshoot::delay);
    co_await timer.async_wait(asio::use_awaitable);
    overshoots.note(start);
  }
  overshoots.report();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = timer_overshoot::parse(argc, argv);
  bench::run_asio(o.workers, [&](asio::io_context& io) { asio::co_spawn(io, async_main(o), asio::detached); });
}
