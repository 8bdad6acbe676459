// The first program of the README: a ticker keeps time while every core computes.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

long fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }  // plain CPU work

Coro<> ticker() {                                  // wants to be on time
  for (int i = 1; i <= 3; ++i) {
    co_await asyncio::sleep(0.1);
    asyncio::print("tick", i);
  }
}

Coro<> async_main() {
  auto [done, a, b] = co_await asyncio::gather(
      ticker(), asyncio::parallel(fib, 40), asyncio::parallel(fib, 41));
  asyncio::print("fib:", a, b);
}

int main() { return asyncio::script(async_main); }
