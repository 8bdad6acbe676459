// echo by streams, in the parallel door: a task for each connection.
#include <hocket/hocket.hpp>

#include "common/server.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

Coro<> echo(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
  char bytes[4096];
  for (;;) {
    const std::size_t got = co_await reader.readinto(bytes);
    if (got == 0) break;
    writer.write({bytes, got});
    co_await writer.drain();
  }
  writer.close();
}

Coro<> async_main() {
  const auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0, {.backlog = 1024});
  bench::announce(server.port());
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
  asyncio::run_parallel(async_main(), {.workers = bench::parse(argc, argv, 1).workers});
}
