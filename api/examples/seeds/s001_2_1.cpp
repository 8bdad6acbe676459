// The first coroutine: run() drives it to its end.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> async_sleep_for_one_second() {
  asyncio::print("stared sleeping for 1 second!");
  co_await asyncio::sleep(1);
  asyncio::print("Finished sleeping!");
}

int main() { asyncio::run(async_sleep_for_one_second()); }
