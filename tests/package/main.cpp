// What a first user writes: two coroutines at once, and their sum.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<int> half(int n) {
  co_await asyncio::sleep(0.001);
  co_return n / 2;
}

Coro<int> async_main() {
  auto halves = co_await asyncio::gather(half(40), half(44));
  co_return std::get<0>(halves) + std::get<1>(halves);
}

int main() {
  const int sum = asyncio::run(async_main());
  asyncio::print("sum:", sum);
  return sum == 42 ? 0 : 1;
}
