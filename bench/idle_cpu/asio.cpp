// idle_cpu: an io_context that waits for a timer.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = idle_cpu::parse(argc, argv);
  asio::io_context io(static_cast<int>(o.workers));
  auto busy = asio::make_work_guard(io);
  for (unsigned i = 0; i < 4 * o.workers; ++i) asio::post(io, [] { idle_cpu::work(); });
  std::thread watcher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    idle_cpu::look_on(o);
    busy.reset();
  });
  bench::run_threads(io, o.workers);
  watcher.join();
}
