// Two tasks started together; the shorter one ends first, whichever is awaited first.
#include <hocket/hocket.hpp>

#include <string>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> task(std::string name, int duration) {
  asyncio::print("Starting", name);
  co_await asyncio::sleep(duration);
  asyncio::print("Finished", name);
}

Coro<> async_main() {
  auto t1 = asyncio::create_task(task("Task 1", 3));
  auto t2 = asyncio::create_task(task("Task 2", 2));
  co_await t1;
  co_await t2;
}

int main() { return asyncio::script(async_main); }
