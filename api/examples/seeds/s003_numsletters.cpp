// Numbers and letters in turn.
#include <hocket/hocket.hpp>

#include <string_view>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> print_nums() {
  for (int n = 0; n < 5; ++n) {
    asyncio::print(n);
    co_await asyncio::sleep(0.0001);
  }
}

Coro<> print_letters() {
  for (char l : std::string_view("abcde")) {
    asyncio::print(l);
    co_await asyncio::sleep(0.0001);
  }
}

Coro<> async_main() {
  asyncio::print("Started:");
  co_await asyncio::gather(print_nums(), print_letters());
  asyncio::print("Finished!");
}

int main() { return asyncio::script(async_main); }
