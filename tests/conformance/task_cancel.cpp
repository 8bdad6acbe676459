// Cancellation of tasks: requests, delivery, counts. Groups C01 to C09.
#include <array>
#include <memory>

#include "doors.hpp"

using namespace conformance;

namespace {

constexpr double long_time = 100;

Coro<> sleep_long() { co_await asyncio::sleep(long_time); }

}  // namespace

// --- C01: a task that yields is cancelled ---

IN_SERIAL_DOOR(task_cancel, a_task_that_yields_is_cancelled_at_its_next_step) {
  bool got_past = false;
  auto task = asyncio::create_task([&]() -> Coro<int> {
    co_await asyncio::sleep(0);
    got_past = true;
    co_await asyncio::sleep(0);
    co_return 12;
  });
  co_await asyncio::sleep(0);  // the task runs to its first sleep
  EXPECT_TRUE(task.cancel());
  EXPECT_FALSE(task.done());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.done());
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(got_past);
}

IN_BOTH_DOORS(task_cancel, a_second_cancel_of_a_done_task_is_refused) {
  auto task = asyncio::create_task(sleep_long());
  co_await settle();
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(task.cancel());
  EXPECT_EQ(task.cancelling(), 1u);
}

IN_BOTH_DOORS(task_cancel, a_task_that_returned_refuses_cancel_and_keeps_its_result) {
  auto task = asyncio::create_task([]() -> Coro<int> { co_return 7; });
  EXPECT_EQ(co_await ending(task), "returned");
  EXPECT_FALSE(task.cancel());
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 0u);
  EXPECT_EQ(task.result(), 7);
}

// --- C02: the task and the future it awaits are cancelled together ---

IN_BOTH_DOORS(task_cancel, task_and_awaited_future_may_both_be_cancelled) {
  auto future = new_future<int>();
  auto task = asyncio::create_task([&]() -> Coro<int> { co_return co_await future; });
  co_await settle();
  EXPECT_TRUE(future.cancel());
  task.cancel();
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(future.cancelled());
}

// --- C03, C04: what a task may do with its cancellation ---

IN_BOTH_DOORS(task_cancel, a_task_that_catches_its_cancel_returns_its_value) {
  auto first = new_future<int>();
  auto second = new_future<int>();
  auto task = asyncio::create_task([&]() -> Coro<int> {
    co_await first;
    try {
      co_await second;
    } catch (const CancelledError&) {
      co_return 42;
    }
    co_return 0;
  });
  co_await settle();
  first.set_result(10);
  co_await settle();
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await task, 42);
  EXPECT_FALSE(task.cancelled());
  EXPECT_TRUE(second.cancelled());
}

IN_BOTH_DOORS(task_cancel, a_task_that_ignores_its_cancel_may_await_again) {
  auto first = new_future<int>();
  auto second = new_future<int>();
  auto third = new_future<int>();
  auto task = asyncio::create_task([&]() -> Coro<int> {
    co_await first;
    try {
      co_await second;
    } catch (const CancelledError&) {
    }
    co_return co_await third;
  });
  co_await settle();
  first.set_result(10);
  co_await settle();
  EXPECT_TRUE(task.cancel());
  co_await settle();
  EXPECT_TRUE(second.cancelled());
  EXPECT_FALSE(third.cancelled());
  third.set_result(42);
  EXPECT_EQ(co_await task, 42);
  EXPECT_FALSE(task.cancelled());
  EXPECT_FALSE(third.cancelled());
}

// --- C05: a task cancels itself ---

IN_BOTH_DOORS(task_cancel, a_self_cancel_is_delivered_at_the_next_real_wait) {
  const double start = now();
  auto task = asyncio::create_task([]() -> Coro<int> {
    EXPECT_TRUE(asyncio::current_task().cancel());
    co_await asyncio::sleep(long_time);
    co_return 1;
  });
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(task.cancel());
  EXPECT_LT(now() - start, long_time);
}

IN_BOTH_DOORS(task_cancel, a_self_cancel_passes_through_awaits_that_do_not_wait) {
  std::string reached;
  auto task = asyncio::create_task([&]() -> Coro<> {
    asyncio::Queue<int> queue;
    asyncio::Lock lock;
    asyncio::current_task().cancel();
    co_await queue.put(1);
    reached += "put ";
    const int item = co_await queue.get();
    reached += "get" + std::to_string(item) + " ";
    co_await lock.acquire();
    reached += "acquire ";
    lock.release();
    co_await []() -> Coro<> { co_return; }();
    reached += "coro ";
    co_await asyncio::sleep(0);
    reached += "sleep";
  });
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_EQ(reached, "put get1 acquire coro ");
}

IN_BOTH_DOORS(task_cancel, a_task_that_returns_with_a_cancel_due_is_cancelled) {
  auto task = asyncio::create_task([]() -> Coro<int> {
    asyncio::current_task().cancel();
    co_return 5;
  });
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_TRUE(task.cancelled());
}

IN_SERIAL_DOOR(task_cancel, cancelled_before_its_first_step_the_body_never_runs) {
  bool ran = false;
  auto task = asyncio::create_task([&]() -> Coro<> {
    ran = true;
    co_return;
  });
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_FALSE(ran);
}

IN_BOTH_DOORS(task_cancel, two_cancels_are_two_requests) {
  auto task = asyncio::create_task([]() -> Coro<> { co_await asyncio::sleep(long_time); });
  co_await settle();
  auto canceller = asyncio::create_task([&]() -> Coro<std::vector<bool>> {
    std::vector<bool> answers;
    answers.push_back(task.cancel());
    co_return answers;
  });
  const std::vector<bool> first = co_await canceller;
  EXPECT_TRUE(first[0]);
  EXPECT_EQ(co_await ending(task), "CancelledError");
}

IN_SERIAL_DOOR(task_cancel, cancelling_counts_the_requests) {
  auto task = asyncio::create_task(sleep_long());
  co_await asyncio::sleep(0);
  EXPECT_EQ(task.cancelling(), 0u);
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(task.cancelling(), 2u);
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_EQ(task.cancelling(), 2u);
}

IN_SERIAL_DOOR(task_cancel, a_cancel_wins_over_a_result_that_was_not_yet_seen) {
  auto future = new_future<int>();
  auto task = asyncio::create_task([&]() -> Coro<int> { co_return co_await future; });
  co_await asyncio::sleep(0);
  future.set_result(1);
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(future.result(), 1);
}

IN_BOTH_DOORS(task_cancel, cancelling_a_task_cancels_the_future_it_awaits) {
  auto future = new_future<int>();
  auto task = asyncio::create_task([&]() -> Coro<int> { co_return co_await future; });
  co_await settle();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(ending_of([&] { future.set_result(1); }), "InvalidStateError: invalid state");
  EXPECT_EQ(co_await ending(task), "CancelledError");
}

IN_BOTH_DOORS(task_cancel, a_cancel_message_reaches_the_task_and_its_awaiter) {
  std::string inside;
  auto task = asyncio::create_task([&]() -> Coro<> {
    try {
      co_await asyncio::sleep(long_time);
    } catch (const CancelledError& e) {
      inside = e.what();
      throw;
    }
  });
  co_await settle();
  task.cancel("enough");
  EXPECT_EQ(co_await ending(task), "CancelledError: enough");
  EXPECT_EQ(inside, "enough");
}

// --- C06, C07: uncancel ---

IN_BOTH_DOORS(task_cancel, uncancel_lets_the_task_go_on_until_the_next_cancel) {
  auto task = asyncio::create_task([]() -> Coro<int> {
    bool cancelled = false;
    try {
      co_await asyncio::sleep(long_time);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) EXPECT_EQ(asyncio::current_task().uncancel(), 0u);
    co_await asyncio::sleep(long_time);
    co_return 1;
  });
  co_await settle();
  EXPECT_EQ(task.cancelling(), 0u);
  EXPECT_TRUE(task.cancel());
  co_await settle();
  EXPECT_EQ(task.cancelling(), 0u);
  EXPECT_FALSE(task.done());
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_EQ(task.cancelling(), 1u);
  task.uncancel();  // too late to change anything
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(task.done());
}

IN_BOTH_DOORS(task_cancel, uncancel_to_zero_drops_a_cancel_that_was_not_delivered) {
  auto task = asyncio::create_task([]() -> Coro<int> {
    auto self = asyncio::current_task();
    self.cancel();
    self.cancel();
    EXPECT_EQ(self.uncancel(), 1u);
    EXPECT_EQ(self.uncancel(), 0u);
    EXPECT_EQ(self.uncancel(), 0u);
    co_await asyncio::sleep(0);
    co_return 3;
  });
  EXPECT_EQ(co_await ending(task), "returned");
  EXPECT_EQ(task.result(), 3);
}

namespace {

struct block_report {
  bool timed_out = false;
  bool block_finished = false;
  bool outer_reached = false;
  int level = -1;
};

/// A timeout as users build one by hand: a timer cancels the task, the block retracts the request.
Coro<block_report> sleep_under_a_handmade_timeout(double duration, double limit) {
  block_report report;
  auto task = asyncio::current_task();
  auto loop = asyncio::get_running_loop();
  // The callback runs beside the task in the parallel door, but only while the task sleeps.
  auto timer = loop.call_later(limit, [&report, task]() mutable {
    report.timed_out = true;
    task.cancel();
  });
  bool cancelled = false;
  try {
    co_await asyncio::sleep(duration);
    report.block_finished = true;
  } catch (const CancelledError&) {
    cancelled = true;
  }
  timer.cancel();
  if (cancelled && !(report.timed_out && task.uncancel() == 0)) throw CancelledError();
  co_await asyncio::sleep(0);
  report.outer_reached = true;
  report.level = static_cast<int>(task.cancelling());
  co_return report;
}

}  // namespace

IN_BOTH_DOORS(task_cancel, a_handmade_timeout_leaves_no_trace_when_it_strikes) {
  auto task = asyncio::create_task(sleep_under_a_handmade_timeout(10, 0.1));
  const auto report = co_await task;
  EXPECT_TRUE(report.timed_out);
  EXPECT_FALSE(report.block_finished);
  EXPECT_TRUE(report.outer_reached);
  EXPECT_EQ(report.level, 0);
}

IN_BOTH_DOORS(task_cancel, a_handmade_timeout_leaves_no_trace_when_it_does_not_strike) {
  auto task = asyncio::create_task(sleep_under_a_handmade_timeout(0.1, 10));
  const auto report = co_await task;
  EXPECT_FALSE(report.timed_out);
  EXPECT_TRUE(report.block_finished);
  EXPECT_TRUE(report.outer_reached);
  EXPECT_EQ(report.level, 0);
}

// --- C08: down to the innermost await ---

IN_BOTH_DOORS(task_cancel, a_cancel_goes_through_every_level_from_the_innermost) {
  Log log;
  auto waiter = new_future<int>();
  auto inner = [&]() -> Coro<> {
    try {
      co_await waiter;
    } catch (const CancelledError&) {
      log("inner");
      throw;
    }
    log("inner went on");
  };
  auto outer = [&]() -> Coro<> {
    try {
      co_await inner();
    } catch (const CancelledError&) {
      log("outer");
    }
  };
  auto task = asyncio::create_task(outer);
  co_await settle();
  task.cancel();
  EXPECT_EQ(co_await ending(task), "returned");
  EXPECT_EQ(log.entries(), (Entries{"inner", "outer"}));
  EXPECT_TRUE(waiter.cancelled());
}

IN_BOTH_DOORS(task_cancel, cancelling_a_task_cancels_the_task_it_awaits) {
  auto inner = asyncio::create_task(sleep_long());
  auto outer = asyncio::create_task([&]() -> Coro<> { co_await inner; });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_TRUE(inner.cancelled());
}

IN_BOTH_DOORS(task_cancel, an_awaited_task_that_refuses_its_cancel_is_waited_for) {
  const double start = now();
  auto inner = asyncio::create_task([]() -> Coro<int> {
    try {
      co_await asyncio::sleep(long_time);
    } catch (const CancelledError&) {
    }
    co_await asyncio::sleep(1);
    co_return 9;
  });
  auto outer = asyncio::create_task([&]() -> Coro<int> { co_return co_await inner; });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "returned");  // the request went down, and was swallowed there
  EXPECT_EQ(outer.result(), 9);
  EXPECT_EQ(outer.cancelling(), 1u);
  EXPECT_GE(now() - start, 1);
}

// --- C09: a task cannot await itself ---

IN_BOTH_DOORS(task_cancel, a_task_that_awaits_itself_gets_an_error) {
  auto gate = new_future<int>();
  Task<> task;
  task = asyncio::create_task([&]() -> Coro<> {
    co_await gate;
    co_await task;
  });
  co_await settle();
  gate.set_result(1);
  const std::string how = co_await ending(task);
  EXPECT_TRUE(how.starts_with("RuntimeError: Task cannot await on itself: <Task")) << how;
}

// --- tasks that await one another: CPython's cancel() raises RecursionError ---

IN_BOTH_DOORS(task_cancel, a_cancel_that_goes_round_a_ring_of_awaits_ends_its_tasks) {
  for (const std::size_t size : {2u, 3u, 7u}) {
    auto gate = new_future<int>();
    std::vector<Task<>> ring(size);
    for (std::size_t i = 0; i < size; ++i) {
      ring[i] = asyncio::create_task([&, i]() -> Coro<> {
        (void)co_await gate;
        co_await ring[(i + 1) % size];
      });
    }
    co_await settle();
    gate.set_result(1);
    co_await settle();
    EXPECT_TRUE(ring[0].cancel("enough"));
    co_await settle();
    for (const auto& task : ring) EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(co_await ending(ring[1]), "CancelledError: enough");
  }
}

IN_BOTH_DOORS(task_cancel, a_ring_may_go_through_a_gather) {
  auto gate = new_future<int>();
  Task<> one;
  const auto other = asyncio::create_task([&]() -> Coro<> {
    (void)co_await gate;
    const std::vector<Task<>> only{one};
    co_await asyncio::gather(only);
  });
  one = asyncio::create_task([&]() -> Coro<> { co_await other; });
  gate.set_result(1);
  co_await settle();
  EXPECT_TRUE(one.cancel());
  co_await settle();
  EXPECT_TRUE(one.cancelled());
  EXPECT_TRUE(other.cancelled());
}

IN_BOTH_DOORS(task_cancel, a_run_ends_over_a_ring_that_is_left) {
  const auto left = std::make_shared<std::array<Task<>, 2>>();
  for (const std::size_t i : {0u, 1u}) {
    auto awaits_the_other = [left, i]() -> Coro<> {
      co_await settle();
      co_await (*left)[1 - i];
    };
    (*left)[i] = asyncio::create_task(awaits_the_other);
  }
  co_await asyncio::sleep(1);
}
