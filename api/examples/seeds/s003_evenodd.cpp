// Two tasks take turns by sleeping: the loop is first in, first out, and so are its timers.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> task1() {
  for (int i = 0; i < 10; ++i) {
    if (i % 2 == 0) {
      asyncio::print(i);
      co_await asyncio::sleep(0.0001);
    }
  }
}

Coro<> task2() {
  for (int i = 0; i < 10; ++i) {
    if (i % 2 == 1) {
      asyncio::print(i);
      co_await asyncio::sleep(0.0001);
    }
  }
}

Coro<> async_main() {
  asyncio::print("Started:");
  co_await asyncio::gather(task1(), task2());
  asyncio::print("Finished!");
}

int main() { return asyncio::script(async_main); }
