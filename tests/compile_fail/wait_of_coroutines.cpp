// wait takes tasks, as in Python: "Passing coroutines is forbidden, use tasks explicitly."
// expect: use tasks explicitly
#include <hocket/hocket.hpp>
#include <vector>

hocket::Coro<> greet() { co_return; }

hocket::Coro<> async_main() {
  std::vector<hocket::Coro<>> coros;
  coros.push_back(greet());
  co_await hocket::wait(coros);
}
