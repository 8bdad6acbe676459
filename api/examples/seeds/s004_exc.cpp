// An exception travels through await to whoever catches it.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> risky_task() {
  co_await asyncio::sleep(1);
  throw asyncio::ValueError("Something went wrong!");
}

Coro<> async_main() {
  try {
    co_await risky_task();
  } catch (const asyncio::ValueError& e) {
    asyncio::print("Caught an error:", e.what());
  }
}

int main() { return asyncio::script(async_main); }
