#include "scenario.hpp"

using namespace differential;
using asyncio::AsyncGenerator;

namespace {
AsyncGenerator<int> ticks(int n, double delay) {
  for (int i = 0; i < n; ++i) {
    co_await asyncio::sleep(delay);
    co_yield i;
  }
}

AsyncGenerator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
}  // namespace

SCENARIO(a_generator_gives_its_values_one_by_one) {
  ASYNC_FOR(int i, ticks(3, 1)) {
    say(i);
  }
}

SCENARIO(a_generator_that_does_not_wait_lets_nobody_run) {
  auto other = []() -> Coro<> {
    say("other");
    co_return;
  };
  auto task = asyncio::create_task(other());
  ASYNC_FOR(int i, numbers(3)) {
    say(i);
  }
  co_await task;
}

SCENARIO(two_generators_take_turns_by_time) {
  auto show = [](std::string name, int n, double delay) -> Coro<> {
    ASYNC_FOR(int i, ticks(n, delay)) {
      say(name, i);
    }
  };
  co_await asyncio::gather(show("a", 3, 1), show("b", 2, 1.25));
}

SCENARIO(an_empty_generator) {
  ASYNC_FOR(int i, numbers(0)) {
    say(i);
  }
  say("nothing");
}

SCENARIO(a_generator_that_fails) {
  auto failing = []() -> AsyncGenerator<int> {
    co_yield 1;
    throw asyncio::ValueError("in the generator");
  };
  auto body = [&]() -> Coro<> {
    ASYNC_FOR(int i, failing()) {
      say(i);
    }
  };
  say(co_await how(body()));
}

SCENARIO(a_generator_cancelled_where_it_waits) {
  auto slow = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
      co_await asyncio::sleep(100);
      co_yield 2;
    } catch (const CancelledError&) {
      say("generator is cancelled");
      throw;
    }
  };
  auto body = [&]() -> Coro<> {
    ASYNC_FOR(int i, slow()) {
      say(i);
    }
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(a_generator_that_swallows_the_request_goes_on) {
  auto stubborn = []() -> AsyncGenerator<int> {
    try {
      co_await asyncio::sleep(100);
    } catch (const CancelledError&) {
      say("no");
    }
    co_yield 1;
  };
  auto body = [&]() -> Coro<std::string> {
    ASYNC_FOR(int i, stubborn()) {
      say(i);
    }
    co_return "end";
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(a_generator_over_a_queue) {
  asyncio::Queue<std::optional<int>> queue;
  auto drain = [&]() -> AsyncGenerator<int> {
    while (true) {
      const auto item = co_await queue.get();
      if (!item) break;
      co_yield *item;
    }
  };
  auto fill = [&]() -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await queue.put(i);
      co_await asyncio::sleep(1);
    }
    co_await queue.put(std::nullopt);
  };
  auto task = asyncio::create_task(fill);
  ASYNC_FOR(int item, drain()) {
    say(item);
  }
  co_await task;
}

SCENARIO(a_generator_of_a_generator) {
  auto squares = [](int n) -> AsyncGenerator<int> {
    ASYNC_FOR(int i, ticks(n, 1)) {
      co_yield i* i;
    }
  };
  ASYNC_FOR(int square, squares(4)) {
    say(square);
  }
}

SCENARIO(a_step_with_a_timeout) {
  auto generator = ticks(2, 2);
  say(co_await how(asyncio::wait_for(generator.next(), 3)));
  say(co_await how(asyncio::wait_for(generator.next(), 1)));
}
