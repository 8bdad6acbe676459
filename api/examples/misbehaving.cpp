// What debug mode says of a program that goes wrong in the usual ways. What this prints stands in api/README.md.
#include <hocket/hocket.hpp>

#include <chrono>
#include <thread>

namespace asyncio = hocket;
using asyncio::Coro;

// Not inlined, as if it stood in another file: a compiler that sees it unused may leave no trace of who made it.
[[gnu::noinline]] Coro<> fetch() { co_return; }

Coro<> main_forgets_to_await() {
  auto forgotten = fetch();
  co_return;
}

Coro<> blocks_the_loop() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // to_thread(...) would let others run
  co_return;
}

Coro<> swallows_its_cancel() {
  try {
    co_await asyncio::sleep(3600);
  } catch (...) {  // also catches CancelledError, which const std::exception& does not
  }
}

Coro<> fails() {
  throw asyncio::ValueError("nobody asked");
  co_return;
}

Coro<> async_main() {
  const auto loop = asyncio::get_running_loop();
  loop.set_slow_callback_duration(1.0);  // it is 0.1 at first

  co_await main_forgets_to_await();

  co_await asyncio::create_task(blocks_the_loop());

  auto task = asyncio::create_task(swallows_its_cancel());
  co_await asyncio::sleep(0);
  task.cancel();
  co_await task;

  task = asyncio::create_task(fails());
  co_await asyncio::sleep(0);
  task = {};  // the last handle goes

  loop.set_on_unhandled(asyncio::OnUnhandled::log);
  task = asyncio::create_task(fails());
  co_await asyncio::sleep(0.1);
  asyncio::print({.flush = true}, "the handle is still there");

  loop.call_soon([] { throw asyncio::RuntimeError("in a callback"); });
  co_await asyncio::sleep(0);
}

int main() {
  return asyncio::script(async_main, {.debug = true});  // or HOCKET_DEBUG=1 in the environment
}
