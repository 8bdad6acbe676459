// gather_100k by Asio: every coroutine is spawned and writes its result; the context ends with the last of them.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

asio::awaitable<void> one(long i, long& result) {
  result = i;
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = gather_100k::parse(argc, argv);
  for (const long tasks : o.passes()) {
    const bench::stopwatch watch;
    std::vector<long> results(static_cast<std::size_t>(tasks));
    bench::run_asio(o.workers, [&](asio::io_context& io) {
      long i = 0;
      for (long& result : results) asio::co_spawn(io, one(i++, result), asio::detached);
    });
    if (tasks == o.size) gather_100k::report(o, watch.read(), results);
  }
}
