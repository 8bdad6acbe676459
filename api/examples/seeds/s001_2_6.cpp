// A task made by the loop itself.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> sleep_coro(int delay) {
  asyncio::print("Started sleeping for", delay, "seconds!");
  co_await asyncio::sleep(delay);
  asyncio::print("Finished sleeping for", delay, "seconds!");
}

Coro<> async_main() {
  auto loop = asyncio::get_event_loop();
  auto task1 = loop.create_task(sleep_coro(1));
  co_await task1;
}

int main() { return asyncio::script(async_main); }
