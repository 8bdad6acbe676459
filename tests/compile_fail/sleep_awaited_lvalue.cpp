// What sleep() gives is awaited once, so an lvalue is not.
// expect: a sleep is awaited once
#include <hocket/hocket.hpp>

hocket::Coro<> twice() {
  auto nap = hocket::sleep(0.1);
  co_await nap;
  co_await nap;
}
