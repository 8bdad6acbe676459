// Everything on one pool: the echo handlers and the CPU tasks are tasks of one parallel loop, and nothing is declared.
#include <hocket/hocket.hpp>

#include "common/server.hpp"
#include "protocol.hpp"
#include "work.hpp"

namespace {

namespace asyncio = hocket;
using asyncio::Coro;

bench::options o;
mixed::work work;

Coro<> hog(unsigned us) {
  work.burn(us);
  co_return;
}

Coro<> with_checkpoints(unsigned us) {
  for (unsigned done = 0; done < us; done += 100) {
    work.burn(100);
    asyncio::checkpoint();
  }
  co_return;
}

Coro<> with_yields(unsigned us) {
  for (unsigned done = 0; done < us; done += 100) {
    work.burn(100);
    co_await asyncio::sleep(0);
  }
}

Coro<long> fib(long n) {
  if (n <= mixed::fib_leaf) {
    work.add(1);
    co_return mixed::serial_fib(n);
  }
  auto both = co_await asyncio::when_all(fib(n - 1), fib(n - 2));
  co_return std::get<0>(both) + std::get<1>(both);
}

Coro<> one_after_another(mixed::jobs kind) {
  const auto us = static_cast<unsigned>(o.integer("job_us", 5000));
  const bool yields = o.integer("yield", 0) != 0;
  for (;;) {
    if (kind == mixed::jobs::hog) {
      co_await asyncio::create_task(hog(us));
    } else if (kind == mixed::jobs::checkpoint) {
      co_await asyncio::create_task(yields ? with_yields(us) : with_checkpoints(us));
    } else {
      co_await fib(mixed::fib_of);
    }
  }
}

void start_jobs() {
  const auto kind = static_cast<mixed::jobs>(o.integer("kind", 0));
  if (kind == mixed::jobs::none) return;
  const unsigned count = kind == mixed::jobs::fork_join
                             ? 1
                             : static_cast<unsigned>(o.integer("tasks", o.workers * mixed::tasks_per_worker));
  for (unsigned i = 0; i < count; ++i) asyncio::create_task(one_after_another(kind));
}

Coro<> serve(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
  const auto us = static_cast<unsigned>(o.integer("job_us", 5000));
  for (;;) {
    std::string message;
    try {
      message = co_await reader.readexactly(mixed::message_size);
    } catch (const asyncio::IncompleteReadError&) {
      co_return;
    }
    switch (static_cast<mixed::want>(message[0])) {
      case mixed::want::echo:
        break;
      case mixed::want::burn:
        work.burn(us);
        break;
      case mixed::want::start:
        start_jobs();
        break;
      case mixed::want::units:
        mixed::put_units(message.data(), work.units());
        break;
    }
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
  o = bench::parse(argc, argv, 1);
  asyncio::run_parallel(async_main(), {.workers = o.workers});
}
