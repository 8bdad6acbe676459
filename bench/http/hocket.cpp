// http by hocket::http, in the parallel door: a task for each connection.
#include <hocket/hocket.hpp>
#include <hocket/http/server.hpp>

#include "common/server.hpp"
#include "http/config.hpp"

namespace {

namespace asyncio = hocket;
namespace http = hocket::http;
using asyncio::Coro;

Coro<http::Response> hello(const http::Request&) { co_return http::Response(std::string(http_bench::body)); }

Coro<> async_main() {
  const auto server = co_await http::serve(hello, "127.0.0.1", 0);
  bench::announce(server.port());
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
  asyncio::run_parallel(async_main(), {.workers = bench::parse(argc, argv, 1).workers});
}
