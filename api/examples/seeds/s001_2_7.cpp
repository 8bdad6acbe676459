// A task group waits for all of its tasks at the end of its block.
#include <hocket/hocket.hpp>

#include <string>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<int> sleep_coro(int delay) {
  asyncio::print("Started sleeping for", delay, "seconds!");
  co_await asyncio::sleep(delay);
  asyncio::print("Finished sleeping for", delay, "seconds!");
  co_return delay;
}

Coro<> async_main() {
  asyncio::print("Before running task group!");
  asyncio::Task<int> task1, task2;
  co_await asyncio::task_group([&](asyncio::TaskGroup& tg) {
    task1 = tg.create_task(sleep_coro(2));
    task2 = tg.create_task(sleep_coro(3));
  });
  asyncio::print("After running task group!");
  asyncio::print("task1: " + std::to_string(task1.result()) + ", task2: " + std::to_string(task2.result()));
}

int main() { return asyncio::script(async_main); }
