// yield by Asio: asio::post is the way to let others go first.
#include <asio.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

asio::awaitable<void> take_turns(long turns, long& taken) {
  for (long i = 0; i < turns; ++i) co_await asio::post(asio::use_awaitable);
  taken = turns;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = yield::parse(argc, argv);
  for (const long turns : o.passes()) {
    const bench::stopwatch watch;
    std::array<long, yield::tasks> taken{};
    bench::run_asio(o.workers, [&](asio::io_context& io) {
      for (long& each : taken) asio::co_spawn(io, take_turns(turns / yield::tasks, each), asio::detached);
    });
    long sum = 0;
    for (const long each : taken) sum += each;
    if (turns == o.size) yield::report(o, watch.read(), sum);
  }
}
