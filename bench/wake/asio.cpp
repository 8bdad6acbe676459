// wake: a plain thread posts to an io_context whose threads wait in epoll.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = wake::parse(argc, argv);
  wake::arrival arrival;
  asio::io_context io(static_cast<int>(o.workers));
  auto busy = asio::make_work_guard(io);
  std::thread poster([&] {
    wake::measure(o, [&] {
      asio::post(io, [&] { arrival.note(); });
      return arrival.wait();
    });
    busy.reset();
  });
  bench::run_threads(io, o.workers);
  poster.join();
}
