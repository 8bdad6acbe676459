// Everything on one pool: the echo handlers are tasks of a parallel loop, and so is what awaits one parallel_for after
// another, which oneTBB runs on the same workers.
#include <hocket/hocket.hpp>
#include <hocket/tbb/parallel_for.hpp>

#include "../mixed/protocol.hpp"
#include "../mixed/work.hpp"
#include "common/server.hpp"
#include "loop.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

mixed::work work;

Coro<> compute() {
  const auto piece = [](long) { work.burn(mixed_tbb::piece_us); };
  for (;;) co_await asyncio::parallel_for(0L, mixed_tbb::pieces, piece);
}

Coro<> serve(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
  for (;;) {
    std::string message;
    try {
      message = co_await reader.readexactly(mixed::message_size);
    } catch (const asyncio::IncompleteReadError&) {
      co_return;
    }
    const auto wanted = static_cast<mixed::want>(message[0]);
    if (wanted == mixed::want::start) asyncio::create_task(compute());
    if (wanted == mixed::want::units) mixed::put_units(message.data(), work.units());
    writer.write(message);
    co_await writer.drain();
  }
}

Coro<> async_main() {
  auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
  bench::announce(server.port());
  co_await server.serve_forever();
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, 1);
  asyncio::run_parallel(async_main(), {.workers = o.workers});
}
