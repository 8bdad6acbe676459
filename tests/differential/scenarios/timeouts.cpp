#include "scenario.hpp"

using namespace differential;
using asyncio::Timeout;
using asyncio::TimeoutError;

namespace {
/// Sleeps, cannot be cancelled without two more seconds, and says so.
Coro<> slow_to_leave() {
  auto result = co_await asyncio::as_result(asyncio::sleep(10));
  co_await asyncio::sleep(2);
  say("cleaned up");
  result.rethrow();
}

Coro<> sleeper(double delay) { co_await asyncio::sleep(delay); }
}  // namespace

SCENARIO(wait_for_gives_the_value_in_time) { say(co_await asyncio::wait_for(after(1, "value"), 2)); }

SCENARIO(wait_for_cancels_what_is_late) { say(co_await how(asyncio::wait_for(worker("late", 3), 1))); }

SCENARIO(wait_for_without_a_limit) { say(co_await asyncio::wait_for(after(100, "value"), std::nullopt)); }

SCENARIO(wait_for_with_no_time_never_starts_a_coroutine) {
  say(co_await how(asyncio::wait_for(worker("never", 1), 0)));
  say(co_await how(asyncio::wait_for(worker("never", 1), -1)));
}

SCENARIO(wait_for_with_no_time_gives_what_is_done) {
  auto task = asyncio::create_task(at_once(5));
  co_await asyncio::sleep(0);
  say(co_await asyncio::wait_for(task, 0));
}

SCENARIO(wait_for_with_no_time_cancels_a_pending_task) {
  auto task = asyncio::create_task(worker("pending", 5));
  co_await asyncio::sleep(0);
  say(co_await how(asyncio::wait_for(task, 0)));
  say(task.cancelled());
}

SCENARIO(wait_for_passes_an_error_on) { say(co_await how(asyncio::wait_for(fail_after(1, "broken"), 2))); }

SCENARIO(the_cause_of_a_timeout_is_the_cancellation) {
  try {
    co_await asyncio::wait_for(asyncio::sleep(5), 1);
  } catch (const TimeoutError& error) {
    say(describe(std::current_exception()), "from", describe(error.cause()));
  }
}

SCENARIO(wait_for_waits_until_the_cleanup_is_over) { say(co_await how(asyncio::wait_for(slow_to_leave(), 1))); }

SCENARIO(wait_for_gives_the_value_of_what_swallows_the_request) {
  auto body = []() -> Coro<int> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
    }
    co_return 42;
  };
  say(co_await asyncio::wait_for(body(), 1));
}

SCENARIO(an_error_during_the_cancellation_wins) {
  auto body = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    throw asyncio::ValueError("in cleanup");
  };
  say(co_await how(asyncio::wait_for(body(), 1)));
}

SCENARIO(cancelling_wait_for_from_outside) {
  auto body = []() -> Coro<> { co_await asyncio::wait_for(worker("inner", 10), 5); };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(wait_for_of_a_task_cancels_the_task) {
  auto task = asyncio::create_task(worker("task", 10));
  say(co_await how(asyncio::wait_for(task, 1)));
  say(task.cancelled());
}

SCENARIO(wait_for_of_a_future_cancels_the_future) {
  auto f = future();
  say(co_await how(asyncio::wait_for(f, 1)));
  say(f.cancelled());
}

SCENARIO(wait_for_inside_wait_for) {
  say(co_await how(asyncio::wait_for(asyncio::wait_for(worker("w", 10), 2), 5)));
  say(co_await how(asyncio::wait_for(asyncio::wait_for(worker("w", 10), 5), 2)));
}

SCENARIO(wait_for_leaves_no_request_behind) {
  say(co_await how(asyncio::wait_for(asyncio::sleep(10), 1)));
  say(asyncio::current_task().cancelling());
  co_await asyncio::sleep(1);
  say("goes on");
}

SCENARIO(a_timeout_block_in_time) {
  bool expired = true;
  auto block = [&](Timeout& limit) -> Coro<> {
    co_await asyncio::sleep(1);
    say("when", limit.when());
    expired = limit.expired();
  };
  co_await asyncio::timeout(2, block);
  say(expired);
}

SCENARIO(a_timeout_block_too_late) {
  auto block = []() -> Coro<> { co_await worker("late", 5); };
  say(co_await how(asyncio::timeout(1, block)));
  say(asyncio::current_task().cancelling());
}

SCENARIO(a_timeout_block_says_that_it_expired) {
  auto block = [](Timeout& limit) -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(5));
    say("expired", limit.expired());
    result.rethrow();
  };
  say(co_await how(asyncio::timeout(1, block)));
}

SCENARIO(a_timeout_of_zero) {
  auto block = []() -> Coro<> {
    say("runs to its first wait");
    co_await asyncio::sleep(0);
    say("one tick");
    co_await asyncio::sleep(1);
    say("never");
  };
  say(co_await how(asyncio::timeout(0, block)));
}

SCENARIO(a_timeout_without_limit) {
  bool expired = true;
  auto block = [&](Timeout& limit) -> Coro<> {
    say(limit.when());
    co_await asyncio::sleep(100);
    expired = limit.expired();
  };
  co_await asyncio::timeout(std::nullopt, block);
  say(expired);
}

SCENARIO(a_timeout_at_a_time) {
  co_await asyncio::sleep(1);
  auto block = []() -> Coro<> { co_await asyncio::sleep(10); };
  say(co_await how(asyncio::timeout_at(3, block)));
}

SCENARIO(a_timeout_at_a_time_gone_by) {
  co_await asyncio::sleep(1);
  auto block = []() -> Coro<> { co_await asyncio::sleep(10); };
  say(co_await how(asyncio::timeout_at(0.5, block)));
}

SCENARIO(a_limit_moved_later) {
  auto block = [](Timeout& limit) -> Coro<bool> {
    limit.reschedule(asyncio::get_running_loop().time() + 5);
    say("when", limit.when());
    co_await asyncio::sleep(3);
    co_return limit.expired();
  };
  say("in time", co_await asyncio::timeout(1, block));
}

SCENARIO(a_limit_moved_nearer) {
  auto block = [](Timeout& limit) -> Coro<> {
    co_await asyncio::sleep(1);
    limit.reschedule(2);
    co_await asyncio::sleep(10);
  };
  say(co_await how(asyncio::timeout(100, block)));
}

SCENARIO(a_limit_taken_away) {
  auto block = [](Timeout& limit) -> Coro<bool> {
    limit.reschedule(std::nullopt);
    say(limit.when());
    co_await asyncio::sleep(3);
    co_return limit.expired();
  };
  say(co_await asyncio::timeout(1, block));
}

SCENARIO(the_inner_block_is_late) {
  auto inner = []() -> Coro<> { co_await asyncio::sleep(5); };
  auto outer = [&]() -> Coro<std::string> {
    try {
      co_await asyncio::timeout(1, inner);
    } catch (const TimeoutError&) {
      say("inner was late");
    }
    co_await asyncio::sleep(1);
    co_return "outer in time";
  };
  say(co_await how(asyncio::timeout(10, outer)));
}

SCENARIO(the_outer_block_is_late) {
  auto inner = []() -> Coro<> { co_await asyncio::sleep(50); };
  auto outer = [&]() -> Coro<> {
    try {
      co_await asyncio::timeout(10, inner);
    } catch (const TimeoutError&) {
      say("never");
    } catch (const CancelledError&) {
      say("inner is cancelled");
      throw;
    }
  };
  say(co_await how(asyncio::timeout(1, outer)));
}

SCENARIO(both_blocks_are_late) {
  auto inner = []() -> Coro<> { co_await asyncio::sleep(50); };
  auto outer = [&]() -> Coro<> {
    try {
      co_await asyncio::timeout(1, inner);
    } catch (const TimeoutError&) {
      say("inner was late");
    }
    co_await asyncio::sleep(50);
  };
  say(co_await how(asyncio::timeout(2, outer)));
}

SCENARIO(a_block_cancelled_from_outside_is_not_late) {
  auto block = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto task = asyncio::create_task(asyncio::timeout(5, block));
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(an_error_in_a_block_stays_what_it_is) {
  auto block = []() -> Coro<> { co_await fail_after(1, "mine"); };
  say(co_await how(asyncio::timeout(5, block)));
}

SCENARIO(a_block_that_swallows_the_request) {
  bool expired = false;
  auto block = [&](Timeout& limit) -> Coro<> {
    try {
      co_await asyncio::sleep(5);
    } catch (const CancelledError&) {
      say("swallowed");
    }
    expired = limit.expired();
  };
  co_await asyncio::timeout(1, block);
  say(expired, asyncio::current_task().cancelling());
  co_await asyncio::sleep(1);
}

SCENARIO(a_block_that_ends_by_a_caught_timeout_of_its_own) {
  auto block = []() -> Coro<> {
    co_await how(asyncio::wait_for(sleeper(10), 1));
    say("first");
    co_await how(asyncio::wait_for(sleeper(10), 1));
    say("second");
    co_await how(asyncio::wait_for(sleeper(10), 5));
    say("third");
  };
  say(co_await how(asyncio::timeout(3, block)));
}
