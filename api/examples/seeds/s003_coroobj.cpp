// Calling a coroutine function runs nothing: it makes a coroutine object. One that is never awaited says so at its end.
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
  asyncio::print(coro);
}
