// A coroutine awaits another.
#include <hocket/hocket.hpp>

#include <string>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> greet(std::string name) {
  asyncio::print("Hello " + name);
  co_return;
}

Coro<> async_main() { co_await greet("John"); }

int main() {
  auto coro = async_main();
  asyncio::run(std::move(coro));
}
