// A coroutine object is made first and run later.
#include <hocket/hocket.hpp>

#include <string>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> greet(std::string name) {
  asyncio::print("Hello " + name);
  co_return;
}

int main() {
  auto coro = greet("Jane");
  asyncio::run(std::move(coro));
}
