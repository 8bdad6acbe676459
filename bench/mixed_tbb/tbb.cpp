// Two pools: an epoll thread for the sockets beside oneTBB with threads of its own.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <thread>

#include "../mixed/raw_echo.hpp"
#include "../mixed/work.hpp"
#include "common/server.hpp"
#include "loop.hpp"

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, 1);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  static mixed::work work;
  mixed::raw_echo echo;
  bench::announce(echo.port());
  const auto start = [] {
    std::thread([] {
      for (;;) tbb::parallel_for(0L, mixed_tbb::pieces, [](long) { work.burn(mixed_tbb::piece_us); });
    }).detach();
  };
  echo.run([] { return work.units(); }, start, [](int, const char*) { bench::skip("no heavy requests here"); });
}
