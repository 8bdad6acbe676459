// AsyncGenerator and ASYNC_FOR.
#include <hocket/hocket.hpp>

#include <memory>
#include <string>
#include <vector>

#include "conformance/doors.hpp"

using namespace conformance;
using asyncio::AsyncGenerator;

namespace {

using numbers = std::vector<int>;

AsyncGenerator<int> count(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
AsyncGenerator<int> count_slowly(int n) {
  for (int i = 0; i < n; ++i) {
    co_await asyncio::sleep(0.5);
    co_yield i;
  }
}
AsyncGenerator<std::string> two_then_fail() {
  co_yield "one";
  co_yield "two";
  throw asyncio::ValueError("three");
}

IN_BOTH_DOORS(async_generator, gives_its_values_and_ends) {
  auto two = count(2);
  auto value = co_await two.next();
  EXPECT_EQ(value, 0);
  value = co_await two.next();
  EXPECT_EQ(value, 1);
  value = co_await two.next();
  EXPECT_EQ(value, std::nullopt);
  value = co_await two.next();
  EXPECT_EQ(value, std::nullopt);
}

IN_BOTH_DOORS(async_generator, loops_with_break_and_continue) {
  numbers seen;
  ASYNC_FOR(const int i, count(10)) {
    if (i % 2 == 0) continue;
    if (i == 7) break;
    seen.push_back(i);
  }
  EXPECT_EQ(seen, (numbers{1, 3, 5}));

  auto rest = count(4);
  ASYNC_FOR(const int i, rest) {
    if (i == 1) break;
  }
  seen.clear();
  ASYNC_FOR(const int i, rest) seen.push_back(i);
  EXPECT_EQ(seen, (numbers{2, 3}));
  ASYNC_FOR(const int i, count(0)) seen.push_back(i);
  EXPECT_EQ(seen.size(), 2u);
}

IN_BOTH_DOORS(async_generator, nests) {
  int sum = 0;
  ASYNC_FOR(const int i, count(4)) {
    ASYNC_FOR(const int j, count(i)) {
      co_await asyncio::sleep(0);
      sum += 10 * i + j;
    }
  }
  EXPECT_EQ(sum, (10 * 1 + 0) + (20 + 21) + (30 + 31 + 32));
}

IN_BOTH_DOORS(async_generator, awaits_inside) {
  const double before = now();
  numbers seen;
  ASYNC_FOR(const int i, count_slowly(3)) seen.push_back(i);
  EXPECT_EQ(seen, (numbers{0, 1, 2}));
  EXPECT_NEAR(now() - before, 1.5, 1e-6);
}

IN_SERIAL_DOOR(async_generator, takes_no_tick_of_its_own) {
  bool other_ran = false;
  auto other = asyncio::create_task([&]() -> Coro<> {
    other_ran = true;
    co_return;
  });
  int sum = 0;
  ASYNC_FOR(const int i, count(1000)) sum += i;
  EXPECT_EQ(sum, 999 * 1000 / 2);
  EXPECT_FALSE(other_ran);
  co_await other;
}

IN_BOTH_DOORS(async_generator, exception_leaves_at_the_await_and_ends_it) {
  auto source = two_then_fail();
  std::string seen, caught;
  try {
    ASYNC_FOR(const auto& word, source) seen += word + ".";
  } catch (const asyncio::ValueError& e) {
    caught = e.what();
  }
  EXPECT_EQ(seen, "one.two.");
  EXPECT_EQ(caught, "three");
  const auto after = co_await source.next();
  EXPECT_EQ(after, std::nullopt);
}

IN_BOTH_DOORS(async_generator, never_started_or_left_half_way_destroys_its_locals) {
  const auto alive = std::make_shared<int>(0);
  const auto make = [](std::shared_ptr<int> held) -> AsyncGenerator<int> {
    const auto local = held;
    co_yield 1;
    co_yield 2;
  };
  {
    auto unused = make(alive);
  }
  EXPECT_EQ(alive.use_count(), 1);
  {
    auto started = make(alive);
    const auto first = co_await started.next();
    EXPECT_EQ(first, 1);
    EXPECT_GT(alive.use_count(), 1);
  }
  EXPECT_EQ(alive.use_count(), 1);
  ASYNC_FOR(const int i, make(alive)) {
    EXPECT_EQ(i, 1);
    break;
  }
  EXPECT_EQ(alive.use_count(), 1);
}

IN_BOTH_DOORS(async_generator, gives_what_can_only_be_moved) {
  const auto make = []() -> AsyncGenerator<std::unique_ptr<int>> {
    for (int i = 0; i < 3; ++i) co_yield std::make_unique<int>(i);
  };
  int sum = 0;
  ASYNC_FOR(const auto p, make()) sum += *p;
  EXPECT_EQ(sum, 3);
}

IN_BOTH_DOORS(async_generator, second_next_is_refused_while_one_runs) {
  auto slow = count_slowly(2);
  auto first = asyncio::create_task([&]() -> Coro<int> {
    const auto value = co_await slow.next();
    co_return *value;
  });
  co_await settle();
  auto second = asyncio::create_task([&]() -> Coro<> { co_await slow.next(); });
  const std::string end = co_await ending(second);
  EXPECT_EQ(end, "RuntimeError: anext(): asynchronous generator is already running");
  const int value = co_await first;
  EXPECT_EQ(value, 0);
}

IN_BOTH_DOORS(async_generator, next_stands_where_a_coroutine_may) {
  auto slow = count_slowly(2);
  const auto value = co_await asyncio::wait_for(slow.next(), 1.0);
  EXPECT_EQ(value, 0);
  const std::string late = co_await ending(asyncio::wait_for(slow.next(), 0.1));
  EXPECT_EQ(late, "TimeoutError");
  const auto after = co_await slow.next();
  EXPECT_EQ(after, std::nullopt);
}

IN_BOTH_DOORS(async_generator, cancel_reaches_the_body) {
  bool seen_inside = false;
  const auto make = [](bool& seen) -> AsyncGenerator<int> {
    try {
      co_await asyncio::sleep(100);
    } catch (const CancelledError&) {
      seen = true;
      throw;
    }
    co_yield 1;
  };
  auto task = asyncio::create_task([&]() -> Coro<> {
    ASYNC_FOR([[maybe_unused]] const int i, make(seen_inside)) {
    }
  });
  co_await settle();
  task.cancel();
  const std::string end = co_await ending(task);
  EXPECT_EQ(end, "CancelledError");
  EXPECT_TRUE(seen_inside);
}

// Synchronous steps use no stack, in every build mode.
IN_SERIAL_DOOR(async_generator, a_long_run_of_ready_values_is_flat) {
  constexpr int steps = 300'000;
  int seen = 0;
  ASYNC_FOR([[maybe_unused]] const int i, count(steps)) ++seen;
  EXPECT_EQ(seen, steps);
}

}  // namespace
