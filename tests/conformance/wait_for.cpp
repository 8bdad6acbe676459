// wait_for: groups C26 to C29, and what it shares with timeout.
#include "doors.hpp"

using namespace conformance;

namespace {

constexpr double no_time[] = {0.0, -1.0};

Coro<int> seven_after(double seconds) {
  co_await asyncio::sleep(seconds);
  co_return 7;
}

}  // namespace

// --- C26: no time at all ---

IN_BOTH_DOORS(wait_for, without_time_a_coroutine_is_never_started) {
  for (const double none : no_time) {
    bool started = false;
    auto body = [&]() -> Coro<> {
      started = true;
      co_return;
    };
    EXPECT_EQ(co_await ending(asyncio::wait_for(body(), none)), "TimeoutError");
    EXPECT_FALSE(started);
  }
}

IN_BOTH_DOORS(wait_for, without_time_a_done_future_gives_its_result) {
  for (const double none : no_time) {
    auto future = new_future<std::string>();
    future.set_result("done");
    const std::string result = co_await asyncio::wait_for(future, none);
    EXPECT_EQ(result, "done");
  }
}

IN_BOTH_DOORS(wait_for, without_time_a_pending_future_is_cancelled) {
  auto future = new_future<int>();
  EXPECT_EQ(co_await ending(asyncio::wait_for(future, 0)), "TimeoutError");
  EXPECT_TRUE(future.cancelled());
}

IN_BOTH_DOORS(wait_for, without_time_a_done_task_gives_its_result) {
  auto task = asyncio::create_task(seven_after(0));
  co_await settle();
  const int result = co_await asyncio::wait_for(task, 0);
  EXPECT_EQ(result, 7);
}

// --- C27: the inner task's cleanup is waited for ---

IN_BOTH_DOORS(wait_for, raises_only_after_the_inner_cleanup_has_ended) {
  const double start = now();
  bool cleaned = false;
  auto task = asyncio::create_task([&]() -> Coro<> {
    std::exception_ptr error;
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      error = std::current_exception();
    }
    co_await asyncio::sleep(0.5);
    cleaned = true;
    if (error) std::rethrow_exception(error);
  });
  EXPECT_EQ(co_await ending(asyncio::wait_for(task, 0.1)), "TimeoutError");
  EXPECT_TRUE(cleaned);
  EXPECT_TRUE(task.done());
  EXPECT_TRUE(task.cancelled());
  EXPECT_NEAR(now() - start, 0.6, 0.01);
}

IN_BOTH_DOORS(wait_for, without_time_too_the_inner_cleanup_is_waited_for) {
  bool cleaned = false;
  auto task = asyncio::create_task([&]() -> Coro<> {
    bool cancelled = false;
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    co_await asyncio::sleep(0.5);
    cleaned = true;
    if (cancelled) throw CancelledError();
  });
  co_await settle();
  EXPECT_EQ(co_await ending(asyncio::wait_for(task, 0)), "TimeoutError");
  EXPECT_TRUE(cleaned);
  EXPECT_TRUE(task.done());
}

IN_BOTH_DOORS(wait_for, the_timeout_names_the_cancellation_as_its_cause) {
  std::string cause;
  try {
    co_await asyncio::wait_for(asyncio::sleep(10), 0.1);
  } catch (const asyncio::TimeoutError& e) {
    if (e.cause()) cause = describe(e.cause());
  }
  EXPECT_EQ(cause, "CancelledError");
}

IN_BOTH_DOORS(wait_for, an_error_of_the_inner_cleanup_replaces_the_timeout) {
  auto inner = []() -> Coro<> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      throw asyncio::ValueError("in cleanup");
    }
  };
  EXPECT_EQ(co_await ending(asyncio::wait_for(inner(), 0.1)), "ValueError: in cleanup");
}

// --- C28: an inner that swallows its cancel ---

IN_BOTH_DOORS(wait_for, an_inner_that_swallows_the_cancel_gives_its_value) {
  auto inner = []() -> Coro<int> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      co_return 42;
    }
    co_return 0;
  };
  const int result = co_await asyncio::wait_for(inner(), 0.1);
  EXPECT_EQ(result, 42);
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
}

IN_BOTH_DOORS(wait_for, a_task_that_swallows_the_cancel_gives_its_value) {
  auto task = asyncio::create_task([]() -> Coro<int> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
    }
    co_await asyncio::sleep(1);
    co_return 42;
  });
  const int result = co_await asyncio::wait_for(task, 0.1);
  EXPECT_EQ(result, 42);
}

IN_BOTH_DOORS(wait_for, completion_and_timeout_at_one_instant_have_one_outcome) {
  // Which one wins is not promised; that exactly one does, and that the task tells the same story, is.
  auto task = asyncio::create_task(seven_after(0.1));
  const std::string how = co_await ending(asyncio::wait_for(task, 0.1));
  EXPECT_TRUE(how == "returned" || how == "TimeoutError") << how;
  if (how == "returned") EXPECT_FALSE(task.cancelled());
  EXPECT_TRUE(task.done());
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  co_await settle();  // no request is left over for the next await
}

// --- C29, and the outer side ---

IN_BOTH_DOORS(wait_for, without_a_limit_it_is_a_plain_await) {
  const double start = now();
  const int result = co_await asyncio::wait_for(seven_after(1000), std::nullopt);
  EXPECT_EQ(result, 7);
  EXPECT_NEAR(now() - start, 1000, 0.01);
}

IN_BOTH_DOORS(wait_for, an_outer_cancel_stays_a_cancel_and_reaches_the_inner) {
  auto inner = asyncio::create_task(seven_after(10));
  auto outer = asyncio::create_task([&]() -> Coro<int> { co_return co_await asyncio::wait_for(inner, 5); });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_TRUE(inner.cancelled());
}

IN_BOTH_DOORS(wait_for, an_inner_error_comes_out_as_it_is) {
  auto inner = []() -> Coro<int> {
    co_await asyncio::sleep(0.1);
    throw asyncio::ValueError("inner");
  };
  EXPECT_EQ(co_await ending(asyncio::wait_for(inner(), 10)), "ValueError: inner");
}

IN_BOTH_DOORS(wait_for, an_inner_timeout_error_of_its_own_is_not_taken_for_ours) {
  auto inner = []() -> Coro<int> {
    co_await asyncio::sleep(0);
    throw asyncio::TimeoutError("mine");
  };
  EXPECT_EQ(co_await ending(asyncio::wait_for(inner(), 10)), "TimeoutError: mine");
}

IN_BOTH_DOORS(wait_for, runs_a_coroutine_in_the_calling_task) {
  bool same = false;
  auto caller = asyncio::current_task();
  auto inner = [&]() -> Coro<> {
    same = asyncio::current_task() == caller;
    co_return;
  };
  co_await asyncio::wait_for(inner(), 1);
  EXPECT_TRUE(same);
}
