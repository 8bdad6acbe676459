// Coro: what it knows of the closure that it may refer to, and a value that is looked at where it stands.
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

// Tells how often it was moved.
struct traveller {
  traveller() = default;
  traveller(traveller&& other) noexcept : moves(other.moves + 1) {}
  int moves = 0;
};

Coro<traveller> sends() {
  co_await hocket::sleep(0);
  co_return traveller();
}
Coro<traveller> fails() {
  co_await hocket::sleep(0);
  throw hocket::ValueError("no");
}

Coro<> looks_in_place() {
  const int moves = (co_await sends().in_place()).moves;
  const int moves_to_here = (co_await sends()).moves;
  EXPECT_EQ(moves + 1, moves_to_here);
  std::string caught;
  try {
    const int never = (co_await fails().in_place()).moves;
    ADD_FAILURE() << never;
  } catch (const hocket::ValueError& e) {
    caught = e.what();
  }
  EXPECT_EQ(caught, "no");
  Coro<traveller> used = sends();
  used.close();
  EXPECT_THROW((void)std::move(used).in_place(), hocket::RuntimeError);
}

TEST(coro, gives_its_value_where_it_stands) { hocket::run(looks_in_place()); }

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
