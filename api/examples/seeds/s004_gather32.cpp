// The same with a word at the start: gather starts its coroutines in the order of its arguments.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> task1() {
  asyncio::print("Task 1 started");
  co_await asyncio::sleep(3);
  asyncio::print("Task 1 completed");
}

Coro<> task2() {
  asyncio::print("Task 2 started");
  co_await asyncio::sleep(2);
  asyncio::print("Task 2 completed");
}

Coro<> async_main() { co_await asyncio::gather(task1(), task2()); }

int main() { return asyncio::script(async_main); }
