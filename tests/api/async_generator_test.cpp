// AsyncGenerator and ASYNC_FOR.
#include <hocket/hocket.hpp>

#include <memory>
#include <string>
#include <thread>
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

// --- aclose, athrow, asend ---

AsyncGenerator<int> two_with_trace(Log& log) {
  std::exception_ptr end;
  try {
    co_yield 1;
    co_yield 2;
  } catch (...) {
    end = std::current_exception();
  }
  log(end ? describe(end) : "normal");
  co_await asyncio::sleep(0.5);
  log("cleaned up");
  if (end) std::rethrow_exception(end);
}

AsyncGenerator<int> stubborn() {
  try {
    co_yield 1;
  } catch (const asyncio::GeneratorExit&) {
  }
  co_yield 2;
  co_yield 3;
}

IN_BOTH_DOORS(async_generator, aclose_runs_the_body_to_its_end) {
  Log log;
  auto numbers = two_with_trace(log);
  co_await numbers.next();
  const double before = now();
  co_await numbers.aclose();
  EXPECT_EQ(log.entries(), (Entries{"GeneratorExit", "cleaned up"}));
  EXPECT_NEAR(now() - before, 0.5, 1e-6);
  const auto after = co_await numbers.next();
  EXPECT_EQ(after, std::nullopt);
  co_await numbers.aclose();
  EXPECT_EQ(log.entries().size(), 2u);
}

IN_BOTH_DOORS(async_generator, aclose_of_one_that_has_not_begun_never_runs_it) {
  Log log;
  auto numbers = two_with_trace(log);
  co_await numbers.aclose();
  const auto after = co_await numbers.next();
  EXPECT_EQ(after, std::nullopt);
  const auto thrown = co_await numbers.athrow(asyncio::ValueError("v"));
  EXPECT_EQ(thrown, std::nullopt);
  EXPECT_TRUE(log.entries().empty());
  AsyncGenerator<int> none;
  co_await none.aclose();
}

IN_BOTH_DOORS(async_generator, aclose_gives_what_the_cleanup_throws) {
  auto failing = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const asyncio::GeneratorExit&) {
      throw asyncio::ValueError("in cleanup");
    }
  }();
  co_await failing.next();
  const std::string how = co_await ending(failing.aclose());
  EXPECT_EQ(how, "ValueError: in cleanup");
  const auto after = co_await failing.next();
  EXPECT_EQ(after, std::nullopt);
}

IN_BOTH_DOORS(async_generator, one_that_yields_instead_of_closing_is_told_so_and_goes_on) {
  auto numbers = stubborn();
  co_await numbers.next();
  const std::string how = co_await ending(numbers.aclose());
  EXPECT_EQ(how, "RuntimeError: async generator ignored GeneratorExit");
  auto value = co_await numbers.next();
  EXPECT_EQ(value, 3);
  value = co_await numbers.next();
  EXPECT_EQ(value, std::nullopt);
}

IN_BOTH_DOORS(async_generator, athrow_throws_at_the_yield_and_gives_the_next_value) {
  auto numbers = []() -> AsyncGenerator<int> {
    for (int i = 0; i < 10; ++i) {
      try {
        co_yield i;
      } catch (const asyncio::ValueError&) {
        i += 4;
      }
    }
  }();
  co_await numbers.next();
  const auto value = co_await numbers.athrow(asyncio::ValueError("skip"));
  EXPECT_EQ(value, 5);
  const std::string how = co_await ending(numbers.athrow(asyncio::TypeError("out")));
  EXPECT_EQ(how, "TypeError: out");
  const auto after = co_await numbers.next();
  EXPECT_EQ(after, std::nullopt);
}

IN_BOTH_DOORS(async_generator, athrow_into_one_that_has_not_begun_ends_it) {
  auto numbers = count(3);
  const std::string how = co_await ending(numbers.athrow(asyncio::ValueError("v")));
  EXPECT_EQ(how, "ValueError: v");
  const auto after = co_await numbers.next();
  EXPECT_EQ(after, std::nullopt);
}

IN_BOTH_DOORS(async_generator, asend_gives_its_value_to_the_yield) {
  auto echo = []() -> AsyncGenerator<std::string, int> {
    std::string answer = "begun";
    for (;;) {
      const std::optional<int> sent = co_yield answer;
      answer = sent ? std::to_string(*sent) : "nothing";
    }
  }();
  EXPECT_EQ(ending_of([&] { (void)echo.asend(1); }),
            "TypeError: can't send non-None value to a just-started async generator");
  auto answer = co_await echo.next();
  EXPECT_EQ(answer, "begun");
  answer = co_await echo.asend(7);
  EXPECT_EQ(answer, "7");
  answer = co_await echo.next();
  EXPECT_EQ(answer, "nothing");
  co_await echo.aclose();
  answer = co_await echo.asend(8);
  EXPECT_EQ(answer, std::nullopt);
}

IN_BOTH_DOORS(async_generator, nothing_else_is_done_with_one_that_runs) {
  auto slow = count_slowly(2);
  auto first = asyncio::create_task(slow.next());
  co_await settle();
  std::string how = co_await ending(slow.aclose());
  EXPECT_EQ(how, "RuntimeError: aclose(): asynchronous generator is already running");
  how = co_await ending(slow.athrow(asyncio::ValueError("v")));
  EXPECT_EQ(how, "RuntimeError: athrow(): asynchronous generator is already running");
  const auto value = co_await first;
  EXPECT_EQ(value, 0);
}

IN_BOTH_DOORS(async_generator, next_is_refused_while_it_is_closed) {
  Log log;
  auto numbers = two_with_trace(log);
  co_await numbers.next();
  auto closing = asyncio::create_task(numbers.aclose());
  co_await settle();
  std::string how = co_await ending(numbers.next());
  EXPECT_EQ(how, "RuntimeError: anext(): asynchronous generator is already running");
  how = co_await ending(numbers.aclose());
  EXPECT_EQ(how, "RuntimeError: aclose(): asynchronous generator is already running");
  co_await closing;
  EXPECT_EQ(log.count("cleaned up"), 1u);
}

IN_BOTH_DOORS(async_generator, a_cancel_reaches_the_cleanup) {
  Log log;
  auto numbers = two_with_trace(log);
  co_await numbers.next();
  auto closing = asyncio::create_task(numbers.aclose());
  co_await settle();
  closing.cancel();
  const std::string how = co_await ending(closing);
  EXPECT_EQ(how, "CancelledError");
  EXPECT_EQ(log.entries(), (Entries{"GeneratorExit"}));
  const auto after = co_await numbers.next();
  EXPECT_EQ(after, std::nullopt);
}

// --- generators that are dropped ---

AsyncGenerator<int> closed_in_the_loop(std::shared_ptr<Log> log, [[maybe_unused]] std::shared_ptr<int> held = {}) {
  co_await asyncio::closed_by_loop;
  std::exception_ptr end;
  try {
    co_yield 1;
    co_yield 2;
  } catch (const asyncio::GeneratorExit&) {
    end = std::current_exception();
  }
  co_await asyncio::sleep(0.5);
  (*log)("cleaned up");
  if (end) std::rethrow_exception(end);
}

IN_BOTH_DOORS(async_generator, one_that_is_dropped_is_closed_by_its_loop_if_it_asked_for_that) {
  const auto log = std::make_shared<Log>();
  const auto held = std::make_shared<int>(0);
  ASYNC_FOR(const int i, closed_in_the_loop(log, held)) {
    EXPECT_EQ(i, 1);
    break;
  }
  EXPECT_TRUE(log->entries().empty());  // no more of the body has run
  co_await asyncio::sleep(1);
  EXPECT_EQ(log->entries(), (Entries{"cleaned up"}));
  EXPECT_EQ(held.use_count(), 1);
}

IN_BOTH_DOORS(async_generator, close_ends_it_at_once_also_if_it_asked_for_its_loop) {
  const auto log = std::make_shared<Log>();
  const auto held = std::make_shared<int>(0);
  auto numbers = closed_in_the_loop(log, held);
  co_await numbers.next();
  numbers.close();
  EXPECT_EQ(held.use_count(), 1);
  co_await asyncio::sleep(1);
  EXPECT_TRUE(log->entries().empty());
}

// In the parallel door its closing may have begun before main's end is seen: then it is a task that is left over.
TEST(async_generator, run_waits_for_the_end_of_one_that_was_dropped_last) {
  const auto log = std::make_shared<Log>();
  auto main = [&]() -> Coro<> {
    auto numbers = closed_in_the_loop(log);
    co_await numbers.next();
  };
  asyncio::run(main(), {.virtual_clock = true});
  EXPECT_EQ(log->entries(), (Entries{"cleaned up"}));
}

TEST(async_generator, one_that_is_dropped_when_its_loop_is_closed_ends_at_once) {
  const auto log = std::make_shared<Log>();
  const auto held = std::make_shared<int>(0);
  AsyncGenerator<int> left;
  asyncio::run(
      [](AsyncGenerator<int>& g, std::shared_ptr<Log> l, std::shared_ptr<int> h) -> Coro<> {
        g = closed_in_the_loop(std::move(l), std::move(h));
        co_await g.next();
      }(left, log, held),
      {.virtual_clock = true});
  // The end of the run has closed it; the frame goes with its owner.
  EXPECT_EQ(log->entries(), (Entries{"cleaned up"}));
  left = {};
  EXPECT_EQ(held.use_count(), 1);
}

// Threads drop generators of a loop while that runs, stands and is closed.
TEST(async_generator, may_be_dropped_by_any_thread_while_its_loop_closes) {
  for (int round = 0; round < 20; ++round) {
    const auto log = std::make_shared<Log>();
    const auto held = std::make_shared<int>(0);
    constexpr int count = 64;
    std::vector<AsyncGenerator<int>> generators(count);
    asyncio::EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
    if (round % 2) {
      loop = asyncio::EventLoop(asyncio::loop_state::make_parallel({.workers = 2, .virtual_clock = true}));
    }
    auto begin = [&]() -> Coro<> {
      for (auto& g : generators) {
        g = closed_in_the_loop(log, held);
        co_await g.next();
      }
    };
    loop.run_until_complete(begin());
    std::thread dropper([&] {
      for (auto& g : generators) g = {};
    });
    loop.close();
    dropper.join();
    EXPECT_EQ(held.use_count(), 1);  // each frame ended, once
    if (testing::Test::HasFailure()) return;
  }
}

IN_BOTH_DOORS(async_generator, shutdown_closes_those_that_have_begun_and_are_held) {
  Log log;
  auto first = two_with_trace(log), second = two_with_trace(log), unused = two_with_trace(log);
  co_await first.next();
  co_await second.next();
  const double before = now();
  co_await asyncio::get_running_loop().shutdown_asyncgens();
  EXPECT_NEAR(now() - before, 0.5, 1e-6);  // at the same time
  EXPECT_EQ(log.count("cleaned up"), 2u);
  const auto after = co_await first.next();
  EXPECT_EQ(after, std::nullopt);
  const auto value = co_await unused.next();
  EXPECT_EQ(value, 1);
}

IN_BOTH_DOORS(async_generator, shutdown_tells_the_exception_handler_of_what_closing_throws) {
  auto loop = asyncio::get_running_loop();
  Log log;
  loop.set_exception_handler([&](const asyncio::EventLoop&, const asyncio::ExceptionContext& c) {
    EXPECT_EQ(c.details.count("asyncgen"), 1u);
    log(c.message.substr(0, c.message.find(" at 0x")) + ": " + describe(c.exception));
  });
  auto failing = [](int) -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const asyncio::GeneratorExit&) {
      throw asyncio::ValueError("in cleanup");
    }
  }(0);
  auto slow = count_slowly(1);
  co_await failing.next();
  auto running = asyncio::create_task(slow.next());
  co_await settle();
  co_await loop.shutdown_asyncgens();
  EXPECT_EQ(log.sorted(),
            (Entries{"an error occurred during closing of asynchronous generator <async_generator object <lambda>: "
                     "ValueError: in cleanup",
                     "an error occurred during closing of asynchronous generator <async_generator object count_slowly: "
                     "RuntimeError: aclose(): asynchronous generator is already running"}));
  co_await running;
}

TEST(async_generator, one_that_begins_after_the_shutdown_is_warned_of_in_debug_mode) {
  auto main = []() -> Coro<> {
    co_await asyncio::get_running_loop().shutdown_asyncgens();
    auto late = count(2);
    co_await late.next();
  };
  testing::internal::CaptureStderr();
  asyncio::run(main(), {.debug = true});
  const std::string warned = testing::internal::GetCapturedStderr();
  EXPECT_NE(warned.find("ResourceWarning: asynchronous generator <async_generator object count at 0x"),
            std::string::npos)
      << warned;
  EXPECT_NE(warned.find(" was scheduled after loop.shutdown_asyncgens() call"), std::string::npos) << warned;
}

TEST(async_generator, one_that_is_destroyed_while_it_runs_ends_the_process) {
  auto main = []() -> Coro<> {
    auto slow = std::make_unique<AsyncGenerator<int>>(count_slowly(2));
    auto first = asyncio::create_task(slow->next());
    co_await settle();
    slow.reset();
  };
  EXPECT_DEATH(asyncio::run(main(), {.virtual_clock = true}),
               "hocket: generator: <async_generator object count_slowly at 0x[0-9a-f]+> is destroyed while its next "
               "value is awaited");
}

// Synchronous steps use no stack, in every build mode.
IN_SERIAL_DOOR(async_generator, a_long_run_of_ready_values_is_flat) {
  constexpr int steps = 300'000;
  int seen = 0;
  ASYNC_FOR([[maybe_unused]] const int i, count(steps)) ++seen;
  EXPECT_EQ(seen, steps);
}

}  // namespace
