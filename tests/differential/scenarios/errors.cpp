#include "scenario.hpp"

using namespace differential;
using asyncio::ExceptionGroup;
using asyncio::RuntimeError;
using asyncio::ValueError;

namespace {
ExceptionGroup group() {
  const auto inner = std::make_exception_ptr(ExceptionGroup("inner", {std::make_exception_ptr(ValueError("c"))}));
  return ExceptionGroup("several",
                        {std::make_exception_ptr(ValueError("a")), std::make_exception_ptr(RuntimeError("b")), inner});
}

std::string describe_group(const std::optional<ExceptionGroup>& g) {
  return g ? describe(std::make_exception_ptr(*g)) : "None";
}
}  // namespace

SCENARIO(the_members_of_a_group_by_type) {
  const auto [match, rest] = group().split<ValueError>();
  say(describe_group(match));
  say(describe_group(rest));
  co_return;
}

SCENARIO(a_subgroup) {
  say(describe_group(group().subgroup<RuntimeError>()));
  say(describe_group(group().subgroup<asyncio::ZeroDivisionError>()));
  co_return;
}

SCENARIO(except_star_takes_its_kind_and_leaves_the_rest) {
  auto body = []() -> Coro<> {
    asyncio::ExceptStar(std::make_exception_ptr(group()))
        .on<ValueError>([](const ExceptionGroup& values) { say("values", describe_group(values)); })
        .finish();
    co_return;
  };
  say(co_await how(body()));
}

SCENARIO(except_star_that_takes_all) {
  auto body = []() -> Coro<std::string> {
    asyncio::ExceptStar(std::make_exception_ptr(group()))
        .on<ValueError>([](const ExceptionGroup& values) { say("values", describe_group(values)); })
        .on<RuntimeError>([](const ExceptionGroup& others) { say("others", describe_group(others)); })
        .finish();
    co_return "all handled";
  };
  say(co_await how(body()));
}

SCENARIO(the_loops_handler_hears_of_a_failing_callback) {
  auto loop = asyncio::get_running_loop();
  loop.set_exception_handler([](const asyncio::EventLoop&, const asyncio::ExceptionContext& context) {
    say("handler:", describe(context.exception));
  });
  loop.call_soon([] { throw ValueError("in a callback"); });
  co_await asyncio::sleep(1);
  say("goes on");
}

SCENARIO(the_loops_handler_hears_what_it_is_told) {
  auto loop = asyncio::get_running_loop();
  loop.set_exception_handler(
      [](const asyncio::EventLoop&, const asyncio::ExceptionContext& context) { say("handler:", context.message); });
  loop.call_exception_handler(asyncio::ExceptionContext("told"));
  co_return;
}

PROGRAM(a_failure_at_the_end_of_run_is_reported) {
  auto bad_leaver = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    throw ValueError("while leaving");
  };
  auto main = [&]() -> Coro<> {
    asyncio::get_running_loop().set_exception_handler(
        [](const asyncio::EventLoop&, const asyncio::ExceptionContext& context) {
          say("handler:", context.message, "|", describe(context.exception));
        });
    asyncio::create_task(bad_leaver());
    co_await asyncio::sleep(1);
  };
  asyncio::Runner runner({.virtual_clock = true});
  runner.run(main());
}

PROGRAM(a_loop_runs_until_it_is_stopped) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.call_later(2, [loop] { loop.stop(); });
  loop.call_later(1, [] { say("one"); });
  loop.call_later(3, [] { say("three"); });
  loop.run_forever();
  say("stopped", loop.is_running());
  loop.call_later(5, [loop] { loop.stop(); });
  loop.run_forever();
  loop.close();
}

PROGRAM(a_loop_stopped_finishes_its_turn) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.call_soon([] { say("first"); });
  loop.call_soon([loop] { loop.stop(); });
  loop.call_soon([loop] { loop.call_soon([] { say("next turn"); }); });
  loop.call_soon([] { say("same turn"); });
  loop.run_forever();
  say("stopped");
  loop.call_soon([loop] { loop.stop(); });
  loop.run_forever();
  loop.close();
}

PROGRAM(a_loop_stopped_before_the_end) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.call_later(1, [loop] { loop.stop(); });
  auto task = loop.create_task(after(5, 1));
  say(how_of([&] { return loop.run_until_complete(task); }));
  say(task.done());
  say(loop.run_until_complete(task));
  loop.close();
}

namespace {
Coro<int> deep(int n) {
  if (n == 0) throw ValueError("at the bottom");
  co_return co_await deep(n - 1);
}
}  // namespace

SCENARIO(errors_come_through_many_coroutines) { say(co_await how(deep(50))); }

SCENARIO(an_error_caught_and_another_thrown) {
  auto body = []() -> Coro<> {
    try {
      co_await fail_after(1, "first");
    } catch (const ValueError&) {
      RuntimeError error("second");
      error.set_cause(std::current_exception());
      throw error;
    }
  };
  say(co_await how(body()));
}

SCENARIO(a_coroutine_awaited_twice) {
  auto coroutine = at_once(1);
  say(co_await std::move(coroutine));
  say(co_await how(std::move(coroutine)));
}
