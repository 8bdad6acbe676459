// Coro: what it knows of the closure that it may refer to.
#include <hocket/hocket.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

using hocket::Coro;

template <class T>
bool refers_to_a_closure(Coro<T> coro) {
  const auto handle = coro.release();
  const bool answer = handle.promise().first_argument_is_closure();
  handle.destroy();
  return answer;
}

Coro<long> takes_a_number(long n) { co_return n; }
template <class F>
Coro<long> takes_a_callable(F f) {
  co_return f(1);
}

TEST(coro, is_the_call_of_a_capturing_lambda_or_is_not) {
  EXPECT_FALSE(refers_to_a_closure(takes_a_number(1)));
  EXPECT_FALSE(refers_to_a_closure(takes_a_callable([](int i) { return long{i}; })));
  EXPECT_FALSE(refers_to_a_closure([]() -> Coro<int> { co_return 1; }()));
  EXPECT_FALSE(refers_to_a_closure([](int n) -> Coro<int> { co_return n; }(1)));

  int captured = 3;
  const auto by_value = [captured]() -> Coro<int> { co_return captured; };
  const auto by_reference = [&captured](int n) -> Coro<int> { co_return captured + n; };
  EXPECT_TRUE(refers_to_a_closure(by_value()));
  EXPECT_TRUE(refers_to_a_closure(by_reference(1)));
}

TEST(coro, create_task_refuses_the_call_of_a_capturing_lambda_and_takes_the_lambda) {
  const auto main = []() -> Coro<int> {
    int captured = 3;
    const auto lambda = [&captured](int n) -> Coro<int> { co_return captured + n; };
    std::string refusal;
    try {
      hocket::create_task(lambda(1));
    } catch (const hocket::TypeError& e) {
      refusal = e.what();
    }
    EXPECT_EQ(refusal.substr(0, 30), "pass the lambda, not its call:");
    auto task = hocket::create_task(lambda, 1);
    const int sum = co_await task;
    auto number = hocket::create_task(takes_a_number(sum));
    const long same = co_await number;
    co_return static_cast<int>(same);
  };
  EXPECT_EQ(hocket::run(main(), {.virtual_clock = true}), 4);
}

}  // namespace
