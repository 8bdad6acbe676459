// The same for a sleep that gives a value.
// expect: a sleep is awaited once
#include <hocket/hocket.hpp>

hocket::Coro<int> twice() {
  auto nap = hocket::sleep(0.1, 1);
  const int one = co_await nap;
  const int two = co_await nap;
  co_return one + two;
}
