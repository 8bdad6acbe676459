// Three tasks of 2, 10 and 5 seconds: ten seconds in all, and the shortest ends first.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> long_running_task(int time_to_sleep) {
  asyncio::print("Begin sleep for", time_to_sleep);
  co_await asyncio::sleep(time_to_sleep);
  asyncio::print("Awake from", time_to_sleep);
}

Coro<> async_main() {
  auto task1 = asyncio::create_task(long_running_task(2));
  auto task2 = asyncio::create_task(long_running_task(10));
  auto task3 = asyncio::create_task(long_running_task(5));
  co_await asyncio::gather(task1, task2, task3);
}

int main() {
  auto s = asyncio::perf_counter();
  asyncio::run(async_main());
  auto elapsed = asyncio::perf_counter() - s;
  std::printf("Execution time: %0.2f seconds.\n", elapsed);
}
