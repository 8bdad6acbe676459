// Awaiting a coroutine gives its value.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<int> nested() { co_return 42; }

Coro<> async_main() { asyncio::print(co_await nested()); }

int main() { return asyncio::script(async_main); }
