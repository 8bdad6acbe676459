// A loop that knows its tasks before it runs.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> print_nums(int num) {
  for (int n = 0; n < num; ++n) {
    asyncio::print(n);
    co_await asyncio::sleep(0.0001);
  }
}

Coro<> print_letters(char up_to) {
  for (char letter = 97; letter < up_to; ++letter) {
    asyncio::print(letter);
    co_await asyncio::sleep(0.0001);
  }
}

int main() {
  auto loop = asyncio::new_event_loop();
  loop.create_task(print_nums(5));
  loop.create_task(print_letters('f'));
  auto tasks = asyncio::all_tasks(loop);
  auto group = asyncio::gather(tasks);
  loop.run_until_complete(group);
  loop.close();
}
