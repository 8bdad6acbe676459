// Three seconds and two seconds, at once.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> task1() {
  co_await asyncio::sleep(3);
  asyncio::print("Task 1 completed");
}

Coro<> task2() {
  co_await asyncio::sleep(2);
  asyncio::print("Task 2 completed");
}

Coro<> async_main() { co_await asyncio::gather(task1(), task2()); }

int main() { return asyncio::script(async_main); }
