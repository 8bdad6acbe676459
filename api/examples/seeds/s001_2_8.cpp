// A timeout cancels what it waits for.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> sleep_coro(int delay) {
  asyncio::print("Started sleeping for", delay, "seconds!");
  co_await asyncio::sleep(delay);
  asyncio::print("Finished sleeping for", delay, "seconds!");
}

Coro<> async_main() {
  try {
    co_await asyncio::wait_for(sleep_coro(2), 1.0);
  } catch (const asyncio::TimeoutError&) {
    asyncio::print("timeout!");
  }
}

int main() { return asyncio::script(async_main); }
