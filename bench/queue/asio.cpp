// queue over Asio's channel (one thread) or concurrent_channel (several).
#include <asio.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/experimental/concurrent_channel.hpp>

#include "common/asio.hpp"
#include "config.hpp"

namespace {

template <class Channel>
asio::awaitable<void> produce(Channel& queue, long items) {
  for (long i = 0; i < items; ++i) co_await queue.async_send(asio::error_code{}, i, asio::use_awaitable);
}

template <class Channel>
asio::awaitable<void> consume(Channel& queue, long items, long& sum) {
  long own = 0;
  for (long i = 0; i < items; ++i) own += co_await queue.async_receive(asio::use_awaitable);
  sum = own;
}

template <class Channel>
long run_all(const queue::options& o, long items) {
  std::vector<long> sums(static_cast<std::size_t>(o.pairs));
  asio::io_context io(static_cast<int>(o.workers));
  Channel queue(io.get_executor(), static_cast<std::size_t>(o.capacity));
  for (long& sum : sums) {
    asio::co_spawn(io, produce(queue, items / o.pairs), asio::detached);
    asio::co_spawn(io, consume(queue, items / o.pairs, sum), asio::detached);
  }
  bench::run_threads(io, o.workers);
  long sum = 0;
  for (const long each : sums) sum += each;
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  using one_thread = asio::experimental::channel<void(asio::error_code, long)>;
  using threads = asio::experimental::concurrent_channel<void(asio::error_code, long)>;
  const auto o = queue::parse(argc, argv);
  for (const long items : o.passes()) {
    const bench::stopwatch watch;
    const long sum = o.workers == 1 ? run_all<one_thread>(o, items) : run_all<threads>(o, items);
    if (items == o.size) queue::report(o, watch.read(), sum);
  }
}
