// timeout: groups C30 to C33.
#include "doors.hpp"

using namespace conformance;

// --- C30: one inside the other ---

IN_BOTH_DOORS(timeout, of_two_equal_deadlines_only_the_outer_raises) {
  std::string inner_saw = "nothing";
  auto inner_body = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto outer_body = [&]() -> Coro<> {
    std::exception_ptr error;
    try {
      co_await asyncio::timeout(0.1, inner_body);
    } catch (...) {
      error = std::current_exception();
    }
    if (error) {
      inner_saw = describe(error);
      std::rethrow_exception(error);
    }
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, outer_body)), "TimeoutError");
  EXPECT_EQ(inner_saw, "CancelledError");
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  co_await settle();
}

IN_BOTH_DOORS(timeout, an_inner_one_that_strikes_first_may_be_handled_inside) {
  bool inner_raised = false;
  auto inner_body = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto outer_body = [&]() -> Coro<> {
    try {
      co_await asyncio::timeout(0.1, inner_body);
    } catch (const asyncio::TimeoutError&) {
      inner_raised = true;
    }
    co_await asyncio::sleep(0.1);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(1, outer_body)), "returned");
  EXPECT_TRUE(inner_raised);
}

IN_BOTH_DOORS(timeout, an_outer_one_that_strikes_first_passes_through_the_inner) {
  std::string inner_saw = "nothing";
  auto inner_body = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto outer_body = [&]() -> Coro<> {
    try {
      co_await asyncio::timeout(5, inner_body);
    } catch (const CancelledError&) {
      inner_saw = "CancelledError";
      throw;
    } catch (const asyncio::TimeoutError&) {
      inner_saw = "TimeoutError";
    }
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, outer_body)), "TimeoutError");
  EXPECT_EQ(inner_saw, "CancelledError");
}

// --- C32: who is cancelled, and by whom ---

IN_BOTH_DOORS(timeout, a_foreign_cancel_before_the_deadline_stays_a_cancel) {
  auto task = asyncio::create_task([]() -> Coro<> {
    auto body = []() -> Coro<> {
      asyncio::current_task().cancel();
      co_await asyncio::sleep(10);
    };
    co_await asyncio::timeout(10, body);
  });
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 1u);
}

IN_BOTH_DOORS(timeout, a_foreign_cancel_and_a_timeout_together_are_a_cancel) {
  auto task = asyncio::create_task([]() -> Coro<> {
    auto body = []() -> Coro<> {
      bool timed_out = false;
      try {
        co_await asyncio::sleep(10);
      } catch (const CancelledError&) {
        timed_out = true;
      }
      if (timed_out) asyncio::current_task().cancel();
      co_await asyncio::sleep(10);
    };
    co_await asyncio::timeout(0.1, body);
  });
  EXPECT_EQ(co_await ending(task), "CancelledError");
}

IN_BOTH_DOORS(timeout, a_task_that_handled_its_timeout_is_not_cancelled) {
  auto task = asyncio::create_task([]() -> Coro<std::string> {
    auto body = []() -> Coro<> { co_await asyncio::sleep(1); };
    co_return co_await ending(asyncio::timeout(0.001, body));
  });
  EXPECT_EQ(co_await task, "TimeoutError");
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 0u);
}

IN_BOTH_DOORS(timeout, the_task_goes_on_and_may_wait_again) {
  const double start = now();
  auto body = []() -> Coro<> { co_await asyncio::sleep(10); };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(co_await ending(asyncio::timeout(0.1, body)), "TimeoutError");
    co_await asyncio::sleep(0.1);
  }
  EXPECT_NEAR(now() - start, 0.6, 0.01);
}

IN_BOTH_DOORS(timeout, gives_the_value_of_its_body) {
  auto body = []() -> Coro<int> {
    co_await asyncio::sleep(0.1);
    co_return 5;
  };
  const int value = co_await asyncio::timeout(1, body);
  EXPECT_EQ(value, 5);
}

IN_BOTH_DOORS(timeout, an_error_of_the_body_comes_out_as_it_is) {
  auto body = []() -> Coro<> {
    co_await asyncio::sleep(0.1);
    throw asyncio::ValueError("body");
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(1, body)), "ValueError: body");
}

IN_BOTH_DOORS(timeout, an_error_raised_in_answer_to_the_timeout_comes_out_as_it_is) {
  auto body = []() -> Coro<> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      throw asyncio::ValueError("answer");
    }
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, body)), "ValueError: answer");
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
}

IN_BOTH_DOORS(timeout, a_body_that_swallows_the_cancel_ends_without_an_error) {
  auto body = []() -> Coro<int> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
    }
    co_return 3;
  };
  const int value = co_await asyncio::timeout(0.1, body);
  EXPECT_EQ(value, 3);
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  co_await settle();
}

IN_BOTH_DOORS(timeout, names_the_cancellation_as_its_cause) {
  std::string cause;
  auto body = []() -> Coro<> { co_await asyncio::sleep(10); };
  try {
    co_await asyncio::timeout(0.1, body);
  } catch (const asyncio::TimeoutError& e) {
    if (e.cause()) cause = describe(e.cause());
  }
  EXPECT_EQ(cause, "CancelledError");
}

// --- C33: no time at all ---

IN_SERIAL_DOOR(timeout, of_zero_strikes_at_the_first_yield) {
  const double start = now();
  bool past = false;
  auto body = [&]() -> Coro<> {
    co_await asyncio::sleep(0);
    past = true;
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0, body)), "TimeoutError");
  EXPECT_FALSE(past);
  EXPECT_LT(now() - start, 0.1);
}

IN_BOTH_DOORS(timeout, in_the_past_strikes_at_the_first_wait) {
  const double start = now();
  auto body = []() -> Coro<> { co_await asyncio::sleep(10); };
  EXPECT_EQ(co_await ending(asyncio::timeout(-11, body)), "TimeoutError");
  EXPECT_LT(now() - start, 0.1);
}

IN_BOTH_DOORS(timeout, of_zero_lets_a_body_pass_that_does_not_wait) {
  auto body = []() -> Coro<int> { co_return 1; };
  const int value = co_await asyncio::timeout(0, body);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  co_await settle();
}

IN_BOTH_DOORS(timeout, without_a_limit_never_strikes) {
  auto body = []() -> Coro<int> {
    co_await asyncio::sleep(100000);
    co_return 1;
  };
  const int value = co_await asyncio::timeout(std::nullopt, body);
  EXPECT_EQ(value, 1);
}

// --- a limit that is moved ---

IN_BOTH_DOORS(timeout, a_limit_that_is_moved_on_strikes_later) {
  const double start = now();
  auto body = [start](asyncio::Timeout& limit) -> Coro<> {
    limit.reschedule(start + 5);
    co_await asyncio::sleep(1);
    limit.reschedule(start + 3);
    co_await asyncio::sleep(100);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.5, body)), "TimeoutError");
  EXPECT_NEAR(now() - start, 3, 0.1);
}

IN_SERIAL_DOOR(timeout, a_limit_may_be_moved_while_it_stands_in_the_ready_queue) {
  auto body = [](asyncio::Timeout& limit) -> Coro<> {
    const double start = now();
    limit.reschedule(start);  // due: it is queued
    limit.reschedule(start);  // and once more
    limit.reschedule(start + 5);
    co_await asyncio::sleep(1);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(5, body)), "returned");
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
}

IN_SERIAL_DOOR(timeout, a_limit_may_be_moved_by_a_callback_that_is_due_with_it) {
  int called = 0;
  auto body = [&called](asyncio::Timeout& limit) -> Coro<> {
    const auto loop = asyncio::get_running_loop();
    const double end = loop.time() + 1;
    loop.call_at(end, [&limit, &called, end] {
      limit.reschedule(end + 5);
      ++called;
    });
    limit.reschedule(end);
    for (int i = 0; i < 3; ++i) loop.call_at(end, [&called] { ++called; });  // they stand behind it in the queue
    co_await asyncio::sleep(3);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(5, body)), "returned");
  EXPECT_EQ(called, 4);
}

// --- C31: the limit may be looked at and moved ---

IN_BOTH_DOORS(timeout, the_body_may_move_its_limit_and_the_last_word_counts) {
  const double start = now();
  auto body = [&](asyncio::Timeout& limit) -> Coro<> {
    EXPECT_NEAR(limit.when().value_or(-1), start + 0.1, 0.001);
    limit.reschedule(start + 0.5);
    EXPECT_NEAR(limit.when().value_or(-1), start + 0.5, 0.001);
    co_await asyncio::sleep(0.3);
    EXPECT_FALSE(limit.expired());
    limit.reschedule(start + 0.4);
    co_await asyncio::sleep(10);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, body)), "TimeoutError");
  EXPECT_NEAR(now() - start, 0.4, 0.01);
}

IN_BOTH_DOORS(timeout, any_task_of_its_loop_may_move_a_limit) {
  const double start = now();
  auto body = [&](asyncio::Timeout& limit) -> Coro<> {
    std::vector<Task<>> movers;
    for (int i = 0; i < 4; ++i) {
      movers.push_back(asyncio::create_task(
          [](asyncio::Timeout* moved, double when) -> Coro<> {
            for (int round = 0; round < 50; ++round) {
              moved->reschedule(when + round);
              co_await asyncio::sleep(0);
            }
          },
          &limit, start + 100 * i + 20));
    }
    for (auto& each : movers) co_await each;
    limit.reschedule(start + 15);
    co_await asyncio::sleep(1000);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(10, body)), "TimeoutError");
  EXPECT_NEAR(now() - start, 15, 0.01);
}

IN_SERIAL_DOOR(timeout, a_limit_is_not_moved_from_outside_of_its_loop) {
  std::string how;
  auto body = [&](asyncio::Timeout& limit) -> Coro<> {
    const double end = now() + 0.1;
    how = co_await asyncio::parallel([&] { return ending_of([&] { limit.reschedule(end + 10); }); });
    EXPECT_NEAR(limit.when().value_or(-1), end, 0.001);
    co_await asyncio::sleep(1);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, body)), "TimeoutError");
  EXPECT_EQ(how, "RuntimeError: Non-thread-safe operation invoked on an event loop other than the current one");
}

IN_BOTH_DOORS(timeout, the_body_may_take_its_limit_away_or_bring_one) {
  auto take_away = [](asyncio::Timeout& limit) -> Coro<int> {
    limit.reschedule(std::nullopt);
    EXPECT_FALSE(limit.when());
    co_await asyncio::sleep(100);
    co_return 1;
  };
  EXPECT_EQ(co_await asyncio::timeout(0.1, take_away), 1);
  const double start = now();
  auto bring = [&](asyncio::Timeout& limit) -> Coro<> {
    EXPECT_FALSE(limit.when());
    limit.reschedule(start + 0.2);
    co_await asyncio::sleep(100);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(std::nullopt, bring)), "TimeoutError");
  EXPECT_NEAR(now() - start, 0.2, 0.01);
}

IN_BOTH_DOORS(timeout, moved_into_the_past_strikes_at_the_next_wait) {
  const double start = now();
  auto body = [&](asyncio::Timeout& limit) -> Coro<> {
    limit.reschedule(start - 1);
    co_await asyncio::sleep(100);
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(50, body)), "TimeoutError");
  EXPECT_LT(now() - start, 0.1);
}

IN_BOTH_DOORS(timeout, once_it_has_struck_its_limit_stands) {
  std::string how;
  bool expired = false;
  auto body = [&](asyncio::Timeout& limit) -> Coro<> {
    const auto r = co_await asyncio::as_result(asyncio::sleep(100));
    expired = limit.expired();
    how = ending_of([&] { limit.reschedule(std::nullopt); });
    r.rethrow();
  };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, body)), "TimeoutError");
  EXPECT_TRUE(expired);
  EXPECT_EQ(how, "RuntimeError: Cannot change state of expiring Timeout");
}

IN_BOTH_DOORS(timeout, at_a_time_of_the_loop_strikes_then) {
  const double start = now();
  auto body = []() -> Coro<> { co_await asyncio::sleep(100); };
  EXPECT_EQ(co_await ending(asyncio::timeout_at(start + 0.3, body)), "TimeoutError");
  EXPECT_NEAR(now() - start, 0.3, 0.01);
  auto short_body = []() -> Coro<int> {
    co_await asyncio::sleep(1);
    co_return 2;
  };
  EXPECT_EQ(co_await asyncio::timeout_at(std::nullopt, short_body), 2);
}
