// A loop runs one coroutine to its end.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> task() {
  asyncio::print("Hello, World!");
  co_return;
}

int main() {
  auto loop = asyncio::new_event_loop();
  loop.run_until_complete(task());
  loop.close();
}
