// A task is created, then awaited.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> func1() {
  asyncio::print("testing");
  co_return;
}

Coro<> async_main() {
  auto task1 = asyncio::create_task(func1());
  co_await task1;
}

int main() { return asyncio::script(async_main); }
