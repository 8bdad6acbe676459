// run and Runner: group C41, and what KeyboardInterrupt and SystemExit of a task or callback do.
#include <signal.h>

#include <atomic>
#include <thread>
#include <utility>

#include "loops.hpp"
#include "support/eventually.hpp"

using namespace conformance;
using asyncio::AnyTask;
using asyncio::ExceptionContext;
using asyncio::Runner;
using asyncio::RunOptions;

namespace {

// Whoever started this program may have had it ignored.
[[maybe_unused]] const auto sigint_before = ::signal(SIGINT, SIG_DFL);

void interrupt_self() { ::kill(::getpid(), SIGINT); }

/// Both doors, the parallel one with two workers. `claim(run)` runs coroutines by `run(coroutine)`.
template <class Claim>
void through_runs(Claim claim) {
  claim([](auto coro) { return asyncio::run(std::move(coro), {.virtual_clock = true}); });
  if (testing::Test::HasFailure()) return;
  claim([](auto coro) { return asyncio::run_parallel(std::move(coro), {.workers = 2, .virtual_clock = true}); });
}

/// The same with a Runner.
template <class Claim>
void through_runners(Claim claim) {
  for (const bool parallel : {false, true}) {
    if (testing::Test::HasFailure()) return;
    Runner runner({.workers = 2, .virtual_clock = true}, parallel);
    claim(runner);
  }
}

template <class E>
Coro<> fail(E error) {
  throw error;
  co_return;
}

}  // namespace

// --- C41 ---

TEST(runners, run_cancels_hanging_tasks) {
  through_runs([](auto run) {
    Task<> leftover;
    auto main = [&]() -> Coro<int> {
      leftover = asyncio::create_task(asyncio::sleep(1000));
      co_return 123;
    };
    EXPECT_EQ(run(main()), 123);
    EXPECT_TRUE(leftover.done());
    EXPECT_TRUE(leftover.cancelled());
  });
}

TEST(runners, run_reports_errors_of_hanging_tasks) {
  through_runs([](auto run) {
    std::vector<std::string> told;
    Task<> leftover;
    auto hang = []() -> Coro<> {
      const auto r = co_await asyncio::as_result(asyncio::sleep(1000));
      if (r.cancelled()) throw asyncio::ZeroDivisionError("division by zero");
    };
    auto main = [&]() -> Coro<int> {
      asyncio::get_running_loop().set_exception_handler([&](const EventLoop&, const ExceptionContext& c) {
        told.push_back(c.message + ": " + describe(c.exception));
        EXPECT_EQ(c.details.count("task"), 1u);
      });
      leftover = asyncio::create_task(hang);
      co_await settle();
      co_return 123;
    };
    EXPECT_EQ(run(main()), 123);
    EXPECT_TRUE(leftover.done());
    EXPECT_EQ(told,
              (Entries{"unhandled exception during asyncio.run() shutdown: ZeroDivisionError: division by zero"}));
  });
}

TEST(runners, run_is_refused_within_a_running_loop) {
  through_runs([](auto run) {
    auto nothing = []() -> Coro<> { co_return; };
    auto main = [&]() -> Coro<> {
      EXPECT_EQ(ending_of([&] { asyncio::run(nothing()); }),
                "RuntimeError: asyncio.run() cannot be called from a running event loop");
      Runner runner;
      EXPECT_EQ(ending_of([&] { runner.run(nothing()); }),
                "RuntimeError: Runner.run() cannot be called from a running event loop");
      co_return;
    };
    testing::internal::CaptureStderr();
    run(main());
    const std::string warned = testing::internal::GetCapturedStderr();
    EXPECT_NE(warned.find("was never awaited"), std::string::npos) << warned;
  });
}

TEST(runners, a_runner_keeps_its_context) {
  static asyncio::ContextVar<int> var("var", -1);
  through_runners([](Runner& runner) {
    auto exchange = [](int value) -> Coro<int> {
      const int before = var.get();
      co_await asyncio::sleep(0);
      var.set(value);
      co_return before;
    };
    EXPECT_EQ(runner.run(exchange(1)), -1);
    EXPECT_EQ(runner.run(exchange(2)), 1);
    EXPECT_EQ(runner.run(exchange(3)), 2);
    EXPECT_EQ(var.get(), -1);
  });
}

TEST(runners, an_interrupt_cancels_what_main_waits_for) {
  through_runners([](Runner& runner) {
    auto future = runner.get_loop().create_future<void>();
    std::string seen;
    auto main = [&]() -> Coro<> {
      asyncio::get_running_loop().call_later(0.1, interrupt_self);
      const auto r = co_await asyncio::as_result(future);
      seen = describe(r.error());
      r.rethrow();
    };
    EXPECT_EQ(ending_of([&] { runner.run(main()); }), "KeyboardInterrupt");
    EXPECT_EQ(seen, "CancelledError");
    EXPECT_TRUE(future.cancelled());
  });
}

TEST(runners, an_interrupt_reaches_a_main_that_only_yields) {
  through_runners([](Runner& runner) {
    auto main = [&]() -> Coro<> {
      interrupt_self();
      for (;;) co_await asyncio::sleep(0);
    };
    EXPECT_EQ(ending_of([&] { runner.run(main()); }), "KeyboardInterrupt");
  });
}

// The task was cancelled by somebody else as well: the CancelledError is theirs. It ends after both: an interrupt after
// the end of the run would be nobody's, and end the process.
TEST(runners, an_interrupt_of_a_cancelled_main_is_no_keyboard_interrupt) {
  for (int round = 0; round < 20 && !testing::Test::HasFailure(); ++round) {
    through_runners([](Runner& runner) {
      std::atomic<bool> interrupted{false};
      auto cancel = [&interrupted](AnyTask main) -> Coro<> {
        co_await asyncio::sleep(0);
        std::exchange(main, {}).cancel();  // and holds nothing of what it throws
        interrupt_self();
        interrupted.store(true);
      };
      Task<> canceller;
      auto main = [&]() -> Coro<> {
        canceller = asyncio::create_task(cancel, asyncio::current_task());
        const auto slept = co_await asyncio::as_result(asyncio::sleep(10));
        EXPECT_TRUE(hocket::support::eventually([&] { return interrupted.load(); }));
        slept.rethrow();
      };
      EXPECT_EQ(ending_of([&] { runner.run(main()); }), "CancelledError");
    });
  }
}

// A task of a parallel loop may run before the call that made it returns: Ctrl-C must not end the process then.
TEST(runners, an_interrupt_by_the_first_step_of_main_is_answered) {
  for (int round = 0; round < 50 && !testing::Test::HasFailure(); ++round) {
    auto main = []() -> Coro<> {
      interrupt_self();
      co_await new_future<void>();
    };
    const std::string how = ending_of([&] { asyncio::run_parallel(main(), {.workers = 2, .virtual_clock = true}); });
    EXPECT_EQ(how, "KeyboardInterrupt");
    const EventLoop loop(asyncio::loop_state::make_parallel({.workers = 2, .virtual_clock = true}));
    EXPECT_EQ(ending_of([&] { loop.run_until_complete(main()); }), "KeyboardInterrupt");
    loop.close();
  }
}

// --- exit requests ---

TEST(runners, an_exit_request_of_any_task_ends_the_run) {
  through_runs([](auto run) {
    Task<> exiting;
    std::string main_saw;
    auto main = [&]() -> Coro<> {
      exiting = asyncio::create_task(fail(asyncio::SystemExit(3)));
      const auto r = co_await asyncio::as_result(asyncio::sleep(1000));
      main_saw = describe(r.error());
      r.rethrow();
    };
    EXPECT_EQ(ending_of([&] { run(main()); }), "SystemExit: 3");
    EXPECT_EQ(main_saw, "CancelledError");  // it was left over
    EXPECT_TRUE(exiting.done());
    EXPECT_FALSE(exiting.cancelled());
    EXPECT_EQ(describe(exiting.exception()), "SystemExit: 3");
  });
}

TEST(runners, an_exit_request_of_main_is_what_run_throws) {
  through_runs([](auto run) {
    EXPECT_EQ(ending_of([&] { run(fail(asyncio::KeyboardInterrupt("x"))); }), "KeyboardInterrupt: x");
    EXPECT_EQ(ending_of([&] { run(fail(asyncio::SystemExit(9))); }), "SystemExit: 9");
  });
}

TEST(runners, an_exit_request_of_a_callback_goes_before_what_main_gave) {
  auto main = []() -> Coro<int> {
    asyncio::get_running_loop().call_soon([] { throw asyncio::KeyboardInterrupt("callback"); });
    co_return 8;
  };
  EXPECT_EQ(ending_of([&] { asyncio::run(main(), {.virtual_clock = true}); }), "KeyboardInterrupt: callback");
}

TEST(runners, an_exit_request_in_a_group_or_gather_ends_the_run) {
  through_runs([](auto run) {
    auto group = []() -> Coro<> {
      auto body = [](asyncio::TaskGroup& tg) -> Coro<> {
        tg.create_task(fail(asyncio::SystemExit(2)));
        tg.create_task(Coro<>(asyncio::sleep(1000)));
        co_return;
      };
      co_await asyncio::task_group(body);
    };
    EXPECT_EQ(ending_of([&] { run(group()); }), "SystemExit: 2");
    auto gathered = []() -> Coro<> {
      co_await asyncio::gather(fail(asyncio::KeyboardInterrupt("g")), asyncio::sleep(1000));
    };
    EXPECT_EQ(ending_of([&] { run(gathered()); }), "KeyboardInterrupt: g");
  });
}

// In a serial loop nothing else runs before the run is left, and what was ready runs in the next one.
TEST(runners, an_exit_request_leaves_what_is_ready_for_the_next_run) {
  const EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
  Log log;
  auto say = [&](std::string who) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      log(who);
      co_await asyncio::sleep(0);
    }
  };
  Task<> exiting;
  auto main = [&]() -> Coro<int> {
    auto a = asyncio::create_task(say("a").with_closure_kept());
    exiting = asyncio::create_task(fail(asyncio::SystemExit(3)));
    auto c = asyncio::create_task(say("c").with_closure_kept());
    co_await asyncio::sleep(0);
    log("main goes on");
    co_await a;
    co_await c;
    co_return 5;
  };
  auto task = loop.create_task(main().with_closure_kept());
  EXPECT_EQ(ending_of([&] { loop.run_until_complete(task); }), "SystemExit: 3");
  EXPECT_EQ(log.entries(), (Entries{"a"}));
  EXPECT_FALSE(task.done());
  EXPECT_EQ(loop.run_until_complete(task), 5);
  EXPECT_EQ(log.entries(), (Entries{"a", "c", "main goes on", "a", "c", "a", "c"}));

  loop.call_soon([&] { log("first"); });
  loop.call_soon([] { throw asyncio::KeyboardInterrupt("callback"); });
  loop.call_soon([&] { log("second"); });
  EXPECT_EQ(ending_of([&] { loop.run_forever(); }), "KeyboardInterrupt: callback");
  EXPECT_EQ(log.entries().back(), "first");
  loop.call_soon([&] { loop.stop(); });
  loop.run_forever();
  EXPECT_EQ(log.entries().back(), "second");
  EXPECT_EQ(describe(exiting.exception()), "SystemExit: 3");
}

TEST(runners, who_awaits_a_task_that_asks_to_exit_sees_it_in_the_next_run) {
  const EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
  auto main = [&]() -> Coro<std::string> {
    auto exiting = asyncio::create_task(fail(asyncio::SystemExit(4)));
    co_return co_await ending(exiting);
  };
  auto task = loop.create_task(main().with_closure_kept());
  EXPECT_EQ(ending_of([&] { loop.run_until_complete(task); }), "SystemExit: 4");
  EXPECT_EQ(loop.run_until_complete(task), "SystemExit: 4");
}

TEST(runners, an_exit_request_of_a_leftover_task_is_thrown_when_all_have_ended) {
  through_runs([](auto run) {
    for (const bool main_fails : {false, true}) {
      Log log;
      auto exits = []() -> Coro<> {
        const auto r = co_await asyncio::as_result(asyncio::sleep(1000));
        if (r.cancelled()) throw asyncio::SystemExit(7);
      };
      auto ends = [&]() -> Coro<> {
        const auto r = co_await asyncio::as_result(asyncio::sleep(1000));
        co_await asyncio::sleep(1);
        log("ended");
        r.rethrow();
      };
      auto main = [&]() -> Coro<> {
        asyncio::create_task(exits);
        asyncio::create_task(ends);
        co_await settle();
        if (main_fails) throw asyncio::ValueError("main");
      };
      testing::internal::CaptureStderr();
      EXPECT_EQ(ending_of([&] { run(main()); }), "SystemExit: 7");
      testing::internal::GetCapturedStderr();
      EXPECT_EQ(log.entries(), (Entries{"ended"}));
    }
  });
}

// --- the end of a run ---

TEST(runners, run_waits_for_the_calls_of_the_default_executor) {
  std::atomic<bool> is_over{false};
  auto main = [&]() -> Coro<> {
    asyncio::get_running_loop().run_in_executor({}, [&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      is_over = true;
    });
    co_return;
  };
  asyncio::run(main());
  EXPECT_TRUE(is_over);
}

IN_BOTH_DOORS(runners, the_default_executor_takes_no_calls_after_its_shutdown) {
  auto loop = asyncio::get_running_loop();
  std::atomic<int> calls{0};
  auto call = loop.run_in_executor({}, [&] { ++calls; });
  co_await loop.shutdown_default_executor();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ending_of([&] { loop.run_in_executor({}, [] {}); }), "RuntimeError: Executor shutdown has been called");
  const std::string how = co_await ending(asyncio::to_thread([] {}));
  EXPECT_EQ(how, "RuntimeError: Executor shutdown has been called");
  co_await loop.shutdown_default_executor();  // twice does nothing
  const asyncio::ThreadPoolExecutor own(1);
  const int one = co_await loop.run_in_executor(own, [] { return 1; });
  EXPECT_EQ(one, 1);
  co_await call;
}

IN_BOTH_DOORS(runners, an_executor_that_was_set_is_shut_down_as_the_default_one) {
  auto loop = asyncio::get_running_loop();
  const asyncio::ThreadPoolExecutor own(1);
  loop.set_default_executor(own);
  auto call = loop.run_in_executor({}, [] { return 1; });
  co_await loop.shutdown_default_executor();
  EXPECT_EQ(ending_of([&] { own.submit([] {}); }), "RuntimeError: cannot schedule new futures after shutdown");
  EXPECT_EQ(ending_of([&] { loop.run_in_executor({}, [] {}); }), "RuntimeError: Executor shutdown has been called");
  const int one = co_await call;
  EXPECT_EQ(one, 1);
}

// In real time: a blocking call holds the virtual clock.
TEST(runners, the_shutdown_of_the_default_executor_has_a_limit) {
  std::atomic<bool> go_on{false};
  std::string warned;
  auto main = [&]() -> Coro<> {
    auto loop = asyncio::get_running_loop();
    loop.run_in_executor({}, [&] { (void)hocket::support::eventually([&] { return go_on.load(); }); });
    testing::internal::CaptureStderr();
    co_await loop.shutdown_default_executor(0.01);
    warned = testing::internal::GetCapturedStderr();
    go_on = true;
  };
  asyncio::run(main());
  EXPECT_EQ(warned, "RuntimeWarning: The executor did not finishing joining its threads within 0.01 seconds.\n");
}

TEST(runners, async_generators_are_closed_after_the_leftover_tasks) {
  through_runs([](auto run) {
    Log log;
    auto count = [](Log& log) -> asyncio::AsyncGenerator<int> {
      std::exception_ptr end;
      try {
        for (int i = 0;; ++i) co_yield i;
      } catch (const asyncio::GeneratorExit&) {
        end = std::current_exception();
      }
      co_await asyncio::sleep(1);
      log("generator closed");
      std::rethrow_exception(end);
    };
    asyncio::AsyncGenerator<int> held;
    auto hang = [&]() -> Coro<> {
      const auto r = co_await asyncio::as_result(asyncio::sleep(1000));
      log("task cancelled");
      r.rethrow();
    };
    auto main = [&]() -> Coro<> {
      held = count(log);
      const auto first = co_await held.next();
      EXPECT_EQ(first, 0);
      asyncio::create_task(hang);
      co_await settle();
    };
    run(main());
    EXPECT_EQ(log.entries(), (Entries{"task cancelled", "generator closed"}));
  });
}

asyncio::AsyncGenerator<int> fidget() {
  for (;;) {
    co_yield 1;
    co_await asyncio::sleep(1);
  }
}

// Not a lambda of the test below, which is a template there: g++ 12 takes no co_await of a for's last part in one.
Coro<> fails_when_cancelled(asyncio::AsyncGenerator<int>& spinner) {
  bool cancelled = false;
  try {
    ASYNC_FOR([[maybe_unused]] const int i, spinner) {
    }
  } catch (const CancelledError&) {
    cancelled = true;
  }
  if (cancelled) throw asyncio::ZeroDivisionError("division by zero");
}

// CPython: run_closes_gens_after_hanging_tasks_errors.
TEST(runners, a_generator_in_a_task_that_fails_at_the_end_is_over) {
  through_runs([](auto run) {
    asyncio::AsyncGenerator<int> spinner;
    Task<> lazy;
    auto main = [&]() -> Coro<> {
      asyncio::get_running_loop().set_exception_handler([](const EventLoop&, const ExceptionContext&) {});
      spinner = fidget();
      lazy = asyncio::create_task(fails_when_cancelled(spinner));
      co_await settle();
      throw asyncio::ValueError("fancy exit");
    };
    EXPECT_EQ(ending_of([&] { run(main()); }), "ValueError: fancy exit");
    EXPECT_TRUE(lazy.done());
    asyncio::run([](asyncio::AsyncGenerator<int>& g) -> Coro<> {
      const auto after = co_await g.next();
      EXPECT_EQ(after, std::nullopt);
    }(spinner));
  });
}
