// Everything on one io_context shared by the workers: the echo handlers and the CPU tasks are its coroutines, as in
// hocket.cpp. To let others go first, asio::post.
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>

#include "common/asio.hpp"
#include "common/server.hpp"
#include "protocol.hpp"
#include "work.hpp"

namespace {

using asio::experimental::as_tuple;
using asio::ip::tcp;

bench::options o;
mixed::work work;

asio::awaitable<void> hog(unsigned us) {
  work.burn(us);
  co_return;
}

asio::awaitable<void> with_checkpoints(unsigned us) {
  for (unsigned done = 0; done < us; done += 100) {
    work.burn(100);
    co_await asio::post(asio::use_awaitable);
  }
}

asio::awaitable<void> one_after_another(mixed::jobs kind) {
  const auto executor = co_await asio::this_coro::executor;
  const auto us = static_cast<unsigned>(o.integer("job_us", 5000));
  for (;;) {
    co_await asio::co_spawn(executor, kind == mixed::jobs::hog ? hog(us) : with_checkpoints(us), asio::use_awaitable);
  }
}

void start_jobs(const asio::any_io_executor& executor) {
  const auto kind = static_cast<mixed::jobs>(o.integer("kind", 0));
  if (kind == mixed::jobs::none) return;
  const long count = o.integer("tasks", o.workers * mixed::tasks_per_worker);
  for (long i = 0; i < count; ++i) asio::co_spawn(executor, one_after_another(kind), asio::detached);
}

asio::awaitable<void> serve(tcp::socket socket) {
  const auto us = static_cast<unsigned>(o.integer("job_us", 5000));
  char message[mixed::message_size];
  for (;;) {
    const auto [error, got] = co_await asio::async_read(socket, asio::buffer(message), as_tuple(asio::use_awaitable));
    if (error) co_return;
    switch (static_cast<mixed::want>(message[0])) {
      case mixed::want::echo:
        break;
      case mixed::want::burn:
        work.burn(us);
        break;
      case mixed::want::start:
        start_jobs(socket.get_executor());
        break;
      case mixed::want::units:
        mixed::put_units(message, work.units());
        break;
    }
    co_await asio::async_write(socket, asio::buffer(message), asio::use_awaitable);
  }
}

asio::awaitable<void> accept_all(tcp::acceptor acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  o = bench::parse(argc, argv, 1);
  if (static_cast<mixed::jobs>(o.integer("kind", 0)) == mixed::jobs::fork_join) bench::skip("Asio has no fork-join");
  bench::run_asio(o.workers, [](asio::io_context& io) {
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    bench::announce(acceptor.local_endpoint().port());
    asio::co_spawn(io, accept_all(std::move(acceptor)), asio::detached);
  });
}
