// A coroutine must not take an rvalue reference: the temporary is gone when it runs.
// expect: a coroutine must not take T&&
#include <hocket/hocket.hpp>
#include <string>

hocket::Coro<> greet(std::string&& name) {
  hocket::print(name);
  co_return;
}
