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

namespace {
AsyncGenerator<int> cleaning(std::string name) {
  co_await asyncio::closed_by_loop;  // Python's are, all of them
  std::exception_ptr end;
  try {
    co_yield 1;
    co_yield 2;
  } catch (...) {
    end = std::current_exception();
  }
  say(name, "ends by", end ? describe(end) : "itself");
  co_await asyncio::sleep(1);
  say(name, "is clean");
  if (end) std::rethrow_exception(end);
}
}  // namespace

SCENARIO(a_generator_is_closed_by_hand) {
  auto generator = cleaning("a");
  say(*co_await generator.next());
  say(co_await how(generator.aclose()));
  say(co_await how(generator.aclose()));
  auto unused = cleaning("unused");
  say(co_await how(unused.aclose()));
}

SCENARIO(a_generator_that_fails_in_its_cleanup) {
  auto failing = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const asyncio::GeneratorExit&) {
      throw asyncio::ValueError("in the cleanup");
    }
  };
  auto generator = failing();
  say(*co_await generator.next());
  say(co_await how(generator.aclose()));
}

SCENARIO(a_generator_that_ignores_its_end) {
  auto stubborn = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const asyncio::GeneratorExit&) {
      say("no");
    }
    co_yield 2;
    co_yield 3;
  };
  auto generator = stubborn();
  say(*co_await generator.next());
  say(co_await how(generator.aclose()));
  say(*co_await generator.next());
}

SCENARIO(an_error_is_thrown_into_a_generator) {
  auto skipping = []() -> AsyncGenerator<int> {
    for (int i = 0; i < 4; ++i) {
      try {
        co_yield i;
      } catch (const asyncio::ValueError&) {
        say("met", describe(std::current_exception()));
      }
    }
  };
  auto generator = skipping();
  say(*co_await generator.next());
  say(*co_await generator.athrow(asyncio::ValueError("one")));
  say(*co_await generator.next());
  say(co_await how(generator.athrow(asyncio::TypeError("two"))));
  auto unused = skipping();
  say(co_await how(unused.athrow(asyncio::ValueError("three"))));
}

SCENARIO(values_are_sent_to_a_generator) {
  auto summing = []() -> AsyncGenerator<int, int> {
    int total = 0;
    for (;;) {
      const std::optional<int> sent = co_yield total;
      total += sent ? *sent : 100;
    }
  };
  auto generator = summing();
  say(*co_await generator.next());
  say(*co_await generator.asend(5));
  say(*co_await generator.next());
  say(*co_await generator.asend(7));
  co_await generator.aclose();
}

SCENARIO(a_generator_that_runs_is_not_closed) {
  auto generator = ticks(2, 1);
  auto first = [&]() -> Coro<std::string> { co_return co_await how(generator.next()); };
  auto task = asyncio::create_task(first);
  co_await asyncio::sleep(0.5);
  say(co_await how(generator.next()));
  say(co_await how(generator.aclose()));
  say(co_await how(generator.athrow(asyncio::ValueError("x"))));
  say(co_await task);
}

SCENARIO(a_generator_that_is_dropped_is_closed_by_its_loop) {
  auto ticker = []() -> Coro<> {
    for (int i = 0; i < 6; ++i) {
      say("tick", i);
      co_await asyncio::sleep(0);
    }
  };
  auto task = asyncio::create_task(ticker());
  co_await asyncio::sleep(0);
  ASYNC_FOR([[maybe_unused]] int i, cleaning("dropped")) {
    break;
  }
  say("after the loop");
  co_await task;
  co_await asyncio::sleep(2);
}

SCENARIO(generators_that_are_dropped_are_closed_in_their_order) {
  ASYNC_FOR([[maybe_unused]] int i, cleaning("first")) {
    break;
  }
  ASYNC_FOR([[maybe_unused]] int i, cleaning("second")) {
    break;
  }
  say("after the loops");
  co_await asyncio::sleep(3);
}

SCENARIO(generators_that_are_held_are_closed_by_shutdown_asyncgens) {
  auto generator = cleaning("held");
  co_await generator.next();
  co_await asyncio::get_running_loop().shutdown_asyncgens();
  say("shut down");
  say(co_await how(generator.aclose()));
}
