// A coroutine is awaited once, so an lvalue is not.
// expect: a coroutine is awaited once
#include <hocket/hocket.hpp>

hocket::Coro<> greet() { co_return; }

hocket::Coro<> twice() {
  auto coro = greet();
  co_await coro;
  co_await coro;
}
