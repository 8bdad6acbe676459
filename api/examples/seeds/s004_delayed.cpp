// A message, two seconds later.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> delayed_message() {
  asyncio::print("Message will appear after 2 seconds...");
  co_await asyncio::sleep(2);
  asyncio::print("Hello, world!");
}

int main() { asyncio::run(delayed_message()); }
