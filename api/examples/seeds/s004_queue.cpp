// A producer and a consumer share a queue; the consumer, which never ends, is cancelled when the work is done.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> producer(asyncio::Queue<int> queue) {
  for (int i = 0; i < 3; ++i) {
    co_await asyncio::sleep(1);
    co_await queue.put(i);
    asyncio::print("Produced", i);
  }
}

Coro<> consumer(asyncio::Queue<int> queue) {
  while (true) {
    int item = co_await queue.get();
    asyncio::print("Consumed", item);
    queue.task_done();
  }
}

Coro<> async_main() {
  asyncio::Queue<int> queue;
  auto prod_task = asyncio::create_task(producer(queue));
  auto cons_task = asyncio::create_task(consumer(queue));
  co_await prod_task;
  co_await queue.join();
  cons_task.cancel();
}

int main() { return asyncio::script(async_main); }
