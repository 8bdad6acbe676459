// An io_context with as many threads as there are workers.
#pragma once

#include <asio.hpp>
#include <thread>
#include <vector>

namespace bench {

/// Runs the context on `workers` threads, of which one is the caller's, until it has no work left.
inline void run_threads(asio::io_context& io, unsigned workers) {
  std::vector<std::thread> others;
  for (unsigned i = 1; i < workers; ++i) others.emplace_back([&io] { io.run(); });
  io.run();
  for (std::thread& each : others) each.join();
}

/// `start(io)` puts the first work into a context, which is then run.
template <class Start>
void run_asio(unsigned workers, Start start) {
  asio::io_context io(static_cast<int>(workers));
  start(io);
  run_threads(io, workers);
}

}  // namespace bench
