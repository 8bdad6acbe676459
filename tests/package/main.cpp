// What a first user writes: two coroutines at once, and their sum.
#include <hocket/hocket.hpp>
#ifdef WITH_TBB
#include <functional>
#include <hocket/tbb/parallel_reduce.hpp>
#endif
namespace asyncio = hocket;
using asyncio::Coro;

Coro<int> half(int n) {
  co_await asyncio::sleep(0.001);
  co_return n / 2;
}

Coro<int> async_main() {
  auto halves = co_await asyncio::gather(half(40), half(44));
  int sum = std::get<0>(halves) + std::get<1>(halves);
#ifdef WITH_TBB
  const auto itself = [](int i) { return i; };
  sum += co_await asyncio::parallel_reduce(0, 100, 0, itself, std::plus<>()) - 4950;
#endif
  co_return sum;
}

int main() {
  const int sum = asyncio::run(async_main());
  asyncio::print("sum:", sum);
  return sum == 42 ? 0 : 1;
}
