// Tasks made from an async generator; the first run_until_complete starts them, the second waits for them.
#include <hocket/hocket.hpp>

#include <string>
#include <vector>
namespace asyncio = hocket;
using asyncio::Coro;

asyncio::AsyncGenerator<int> a(int num) {
  for (int x = 0; x < num; ++x) {
    co_yield x;
  }
}

Coro<> func1(int q) {
  asyncio::print(q);
  co_await asyncio::sleep(2);
  asyncio::print("finished " + std::to_string(q));
}

std::vector<asyncio::Task<>> tasks;

Coro<> async_main() {
  ASYNC_FOR(int x, a(10)) {
    auto task = asyncio::create_task(func1(x));
    tasks.push_back(task);
  }
}

int main() {
  auto loop = asyncio::get_event_loop();
  loop.run_until_complete(async_main());
  loop.run_until_complete(asyncio::wait(tasks));
}
