#include "scenario.hpp"

using namespace differential;

SCENARIO(cancelled_before_its_first_step_a_task_never_runs) {
  auto task = asyncio::create_task(worker("a", 1));
  say(task.cancel());
  say(co_await how(task));
  say(task.cancelled());
}

SCENARIO(a_sleeper_is_cancelled_at_once) {
  auto task = asyncio::create_task(worker("a", 10));
  co_await asyncio::sleep(1);
  say(task.cancel());
  say(task.cancelled(), task.done());
  say(co_await how(task));
  say(task.cancel());
}

SCENARIO(a_message_travels_with_the_request) {
  auto body = []() -> Coro<> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError& error) {
      say("inside:", error.what());
      throw;
    }
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(0);
  task.cancel("please");
  say(co_await how(task));
}

SCENARIO(a_task_that_swallows_the_request_ends_normally) {
  auto body = []() -> Coro<int> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
    }
    co_return 42;
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(0);
  task.cancel();
  say(co_await how(task));
  say(task.cancelled(), task.cancelling());
}

SCENARIO(a_request_is_delivered_once) {
  auto body = []() -> Coro<std::string> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      say("swallowed");
    }
    co_await asyncio::sleep(1);
    co_return "slept on";
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(0);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(a_second_request_ends_what_swallowed_the_first) {
  auto body = []() -> Coro<> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      say("swallowed");
    }
    co_await asyncio::sleep(10);
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(two_requests_in_one_tick_are_one_exception) {
  auto body = []() -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      try {
        co_await asyncio::sleep(10);
      } catch (const CancelledError&) {
        say("request", i);
      }
    }
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(0);
  const bool first = task.cancel();
  const bool second = task.cancel();
  say(first, second, task.cancelling());
  say(co_await how(task));
}

SCENARIO(a_self_cancel_passes_what_does_not_wait) {
  auto body = []() -> Coro<> {
    asyncio::Queue<int> queue;
    asyncio::Lock lock;
    asyncio::current_task().cancel();
    co_await queue.put(1);
    say("put");
    say("got", co_await queue.get());
    co_await lock.acquire();
    say("acquired");
    say("called", co_await at_once(3));
    co_await asyncio::sleep(0);
    say("never");
  };
  say(co_await how(asyncio::create_task(body())));
}

SCENARIO(a_self_cancel_then_a_long_sleep) {
  auto body = []() -> Coro<> {
    asyncio::current_task().cancel();
    co_await asyncio::sleep(100);
  };
  auto task = asyncio::create_task(body());
  say(co_await how(task));
  say(task.cancel());
}

SCENARIO(a_self_cancel_then_the_end_loses_the_value) {
  auto body = []() -> Coro<int> {
    asyncio::current_task().cancel();
    co_return 5;
  };
  auto task = asyncio::create_task(body());
  say(co_await how(task));
  say(task.cancelled());
}

SCENARIO(a_self_cancel_then_an_error_keeps_the_error) {
  auto body = []() -> Coro<> {
    asyncio::current_task().cancel();
    throw asyncio::ValueError("mine");
    co_return;
  };
  auto task = asyncio::create_task(body());
  say(co_await how(task));
  say(task.cancelled(), task.cancelling());
}

SCENARIO(cancel_wins_over_a_result_not_yet_seen) {
  auto f = future();
  auto body = [&]() -> Coro<int> { co_return co_await f; };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(0);
  f.set_result(1);
  say(task.cancel());
  say(co_await how(task));
  say(f.result());
}

SCENARIO(cancel_of_a_done_task_changes_nothing) {
  auto task = asyncio::create_task(at_once(1));
  co_await task;
  say(task.cancel(), task.cancelling(), task.cancelled(), task.result());
}

namespace {
/// Says a word when its block ends, as a finally does.
struct finally {
  ~finally() { say(word); }
  const char* word;
};
}  // namespace

SCENARIO(cancel_reaches_the_innermost_await) {
  auto inner = []() -> Coro<> {
    finally end{"inner ends"};
    co_await asyncio::sleep(10);
  };
  auto outer = [&]() -> Coro<> {
    finally end{"outer ends"};
    co_await inner();
  };
  auto task = asyncio::create_task(outer);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(cancel_of_an_awaiter_cancels_the_awaited_task) {
  auto inner = asyncio::create_task(worker("inner", 10));
  auto body = [&]() -> Coro<> { co_await inner; };
  auto outer = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  outer.cancel();
  say(co_await how(outer));
  say(inner.cancelled(), outer.cancelled());
}

SCENARIO(cancel_of_the_awaited_task_comes_out_of_the_await) {
  auto inner = asyncio::create_task(worker("inner", 10));
  auto body = [&]() -> Coro<std::string> {
    say(co_await how(inner));
    co_return "goes on";
  };
  auto outer = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  inner.cancel();
  say(co_await how(outer));
  say(outer.cancelling());
}

SCENARIO(cancel_of_an_awaiter_cancels_the_future) {
  auto f = future();
  auto body = [&]() -> Coro<> { co_await f; };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(0);
  task.cancel();
  say(f.cancelled());
  say(co_await how(task));
}

SCENARIO(cancel_of_both_the_task_and_its_future) {
  auto f = future();
  auto body = [&]() -> Coro<> { co_await f; };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(0);
  f.cancel();
  say(task.cancel());
  say(co_await how(task));
  say(task.cancelled(), f.cancelled());
}

SCENARIO(cleanup_that_waits_delays_the_end) {
  auto body = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    co_await asyncio::sleep(1);
    say("cleaned up");
    result.rethrow();
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(an_error_in_the_cleanup_replaces_the_request) {
  auto body = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    throw asyncio::ValueError("in cleanup");
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
  say(task.cancelled());
}

SCENARIO(the_count_of_requests) {
  auto body = []() -> Coro<std::string> {
    auto task = asyncio::current_task();
    say(task.cancelling());
    for (int i = 0; i < 2; ++i) {
      try {
        co_await asyncio::sleep(10);
      } catch (const CancelledError&) {
        say("cancelling", task.cancelling());
      }
    }
    say("uncancel", task.uncancel());
    say("uncancel", task.uncancel());
    say("uncancel", task.uncancel());
    co_return "done";
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(uncancel_takes_back_a_request_not_delivered) {
  auto body = []() -> Coro<std::string> {
    auto task = asyncio::current_task();
    task.cancel();
    const unsigned before = task.cancelling();
    say(before, task.uncancel());
    co_await asyncio::sleep(1);
    co_return "slept";
  };
  say(co_await how(asyncio::create_task(body())));
}

SCENARIO(uncancel_of_one_of_two_leaves_the_request) {
  auto body = []() -> Coro<std::string> {
    auto task = asyncio::current_task();
    task.cancel();
    task.cancel();
    say(task.uncancel());
    co_await asyncio::sleep(1);
    co_return "slept";
  };
  say(co_await how(asyncio::create_task(body())));
}

SCENARIO(uncancel_after_the_end) {
  auto task = asyncio::create_task(worker("a", 10));
  co_await asyncio::sleep(0);
  task.cancel();
  say(co_await how(task));
  const unsigned before = task.cancelling();
  say(before, task.uncancel(), task.cancelled());
}

SCENARIO(a_timeout_written_by_hand) {
  auto body = []() -> Coro<std::string> {
    auto task = asyncio::current_task();
    auto handle = asyncio::get_running_loop().call_later(1, [task] { task.cancel(); });
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      say("left", task.uncancel());
    }
    handle.cancel();
    co_await asyncio::sleep(1);
    co_return "after the block";
  };
  say(co_await how(asyncio::create_task(body())));
}

SCENARIO(catching_and_awaiting_something_else) {
  auto f = future<std::string>();
  auto body = [&]() -> Coro<std::string> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
    }
    co_return co_await f;
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  co_await asyncio::sleep(1);
  say(f.cancelled(), task.done());
  f.set_result("third");
  say(co_await how(task));
}

SCENARIO(cancelling_many_in_order) {
  std::vector<Task<std::string>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(worker("w" + std::to_string(i), 10)));
  co_await asyncio::sleep(1);
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) task->cancel();
  for (auto& task : tasks) say(co_await how(task));
}

SCENARIO(cancel_from_a_sibling) {
  auto victim = asyncio::create_task(worker("victim", 10));
  auto culprit = [&]() -> Coro<> {
    co_await asyncio::sleep(2);
    say("cancels", victim.cancel());
  };
  co_await asyncio::create_task(culprit);
  say(victim.done());
  say(co_await how(victim));
}

SCENARIO(a_cancelled_error_raised_by_hand) {
  auto body = []() -> Coro<> {
    co_await asyncio::sleep(1);
    throw CancelledError("by hand");
  };
  auto task = asyncio::create_task(body());
  say(co_await how(task));
  say(task.cancelled(), task.cancelling());
}

SCENARIO(a_cancel_in_the_tick_of_the_wake) {
  auto body = []() -> Coro<> {
    co_await asyncio::sleep(1);
    say("woke");
  };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(0);
  asyncio::get_running_loop().call_later(1.0, [task] { say("cancel", task.cancel()); });
  say(co_await how(task));
}

SCENARIO(a_message_comes_out_of_an_awaiting_task) {
  auto inner = asyncio::create_task(worker("inner", 10));
  auto body = [&]() -> Coro<> { co_await inner; };
  auto outer = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  inner.cancel("enough");
  say(co_await how(outer));
  say(outer.cancelled(), outer.cancelling());
}
