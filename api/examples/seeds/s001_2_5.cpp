// Two tasks of one second each: one second in all.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> sleep_coro(int delay) {
  asyncio::print("Started sleeping for", delay, "seconds!");
  co_await asyncio::sleep(delay);
  asyncio::print("Finished sleeping for", delay, "seconds!");
}

Coro<> async_main() {
  auto task1 = asyncio::create_task(sleep_coro(1));
  auto task2 = asyncio::create_task(sleep_coro(1));
  co_await task1;
  co_await task2;
}

int main() { return asyncio::script(async_main); }
