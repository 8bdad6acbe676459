// Two functions of five seconds each, at once: five seconds in all.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> func1() {
  asyncio::print("func1");
  co_await asyncio::sleep(5);
  asyncio::print("Complete executing func1");
}

Coro<> func2() {
  asyncio::print("func2");
  co_await asyncio::sleep(5);
  asyncio::print("Complete executing func2");
}

Coro<> async_main() { co_await asyncio::gather(func1(), func2()); }

int main() {
  const auto start = asyncio::perf_counter();
  asyncio::run(async_main());
  std::printf("Total Excecution Time: 0:00:%09.6f\n", asyncio::perf_counter() - start);
}
