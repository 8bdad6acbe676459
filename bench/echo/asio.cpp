// echo by Asio: one io_context shared by the workers, a coroutine for each connection.
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>

#include "common/server.hpp"

namespace {

using asio::experimental::as_tuple;
using asio::ip::tcp;

asio::awaitable<void> echo(tcp::socket socket) {
  char bytes[4096];
  for (;;) {
    const auto [error, got] = co_await socket.async_read_some(asio::buffer(bytes), as_tuple(asio::use_awaitable));
    if (error) co_return;
    co_await async_write(socket, asio::buffer(bytes, got), asio::use_awaitable);
  }
}

asio::awaitable<void> accept_all(tcp::acceptor acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned workers = bench::parse(argc, argv, 1).workers;
  asio::io_context context(static_cast<int>(workers));
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  bench::announce(acceptor.local_endpoint().port());
  co_spawn(context, accept_all(std::move(acceptor)), asio::detached);
  for (unsigned i = 1; i < workers; ++i) std::thread([&] { context.run(); }).detach();
  context.run();
}
