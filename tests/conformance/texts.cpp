// What errors say: asyncio's types with asyncio's words (CPython 3.13).
#include <limits>

#include "doors.hpp"

using namespace conformance;

IN_BOTH_DOORS(texts, task_done_too_often) {
  asyncio::Queue<int> queue;
  co_await queue.put(1);
  co_await queue.get();
  queue.task_done();
  EXPECT_EQ(ending_of([&] { queue.task_done(); }), "ValueError: task_done() called too many times");
}

IN_BOTH_DOORS(texts, an_empty_and_a_full_queue) {
  asyncio::Queue<int> queue(1);
  EXPECT_EQ(ending_of([&] { return queue.get_nowait(); }), "QueueEmpty");
  queue.put_nowait(1);
  EXPECT_EQ(ending_of([&] { queue.put_nowait(2); }), "QueueFull");
  co_return;
}

IN_BOTH_DOORS(texts, releasing_a_free_lock) {
  asyncio::Lock lock;
  EXPECT_EQ(ending_of([&] { lock.release(); }), "RuntimeError: Lock is not acquired.");
  co_return;
}

IN_BOTH_DOORS(texts, a_semaphore_below_zero) {
  EXPECT_EQ(ending_of([] { asyncio::Semaphore semaphore(-1); }), "ValueError: Semaphore initial value must be >= 0");
  co_return;
}

IN_BOTH_DOORS(texts, a_future_set_twice) {
  auto future = new_future<int>();
  EXPECT_EQ(ending_of([&] { return future.result(); }), "InvalidStateError: Result is not set.");
  EXPECT_EQ(ending_of([&] { return future.exception(); }), "InvalidStateError: Exception is not set.");
  future.set_result(1);
  EXPECT_EQ(ending_of([&] { future.set_result(2); }), "InvalidStateError: invalid state");
  EXPECT_EQ(ending_of([&] { future.set_exception(asyncio::ValueError("x")); }), "InvalidStateError: invalid state");
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(future.result(), 1);
  co_return;
}

IN_BOTH_DOORS(texts, a_task_asked_before_it_is_done) {
  auto task = asyncio::create_task([]() -> Coro<int> {
    co_await asyncio::sleep(1);
    co_return 1;
  });
  EXPECT_EQ(ending_of([&] { return task.result(); }), "InvalidStateError: Result is not set.");
  EXPECT_EQ(ending_of([&] { return task.exception(); }), "InvalidStateError: Exception is not set.");
  co_await task;
  EXPECT_EQ(task.result(), 1);
  EXPECT_FALSE(task.exception());
}

IN_BOTH_DOORS(texts, a_sleep_of_nan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string how = co_await ending([](double seconds) -> Coro<> { co_await asyncio::sleep(seconds); }(nan));
  EXPECT_EQ(how, "ValueError: Invalid delay: NaN (not a number)");
}

IN_BOTH_DOORS(texts, a_coroutine_awaited_twice) {
  auto coro = []() -> Coro<int> { co_return 1; }();
  const int value = co_await std::move(coro);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(co_await ending(std::move(coro)), "RuntimeError: cannot reuse already awaited coroutine");
}

IN_BOTH_DOORS(texts, closing_and_running_a_running_loop) {
  auto loop = asyncio::get_running_loop();
  EXPECT_EQ(ending_of([&] { loop.close(); }), "RuntimeError: Cannot close a running event loop");
  auto future = new_future<int>();
  EXPECT_EQ(ending_of([&] { return loop.run_until_complete(future); }),
            "RuntimeError: This event loop is already running");
  co_return;
}

IN_BOTH_DOORS(texts, a_nested_run) {
  auto nested = []() -> Coro<> { co_return; };
  EXPECT_EQ(ending_of([&] { asyncio::run(nested()); }),
            "RuntimeError: asyncio.run() cannot be called from a running event loop");
  co_return;
}

TEST(texts, outside_of_any_loop) {
  EXPECT_EQ(ending_of([] { return asyncio::get_running_loop(); }), "RuntimeError: no running event loop");
  EXPECT_EQ(ending_of([] { return asyncio::create_task([]() -> Coro<> { co_return; }); }),
            "RuntimeError: no running event loop");
}

TEST(texts, a_closed_loop) {
  auto loop = asyncio::new_event_loop();
  loop.close();
  loop.close();  // a second time does no harm
  EXPECT_EQ(ending_of([&] { loop.call_soon([] {}); }), "RuntimeError: Event loop is closed");
  EXPECT_EQ(ending_of([&] { loop.run_until_complete([]() -> Coro<> { co_return; }()); }),
            "RuntimeError: Event loop is closed");
}

TEST(texts, a_closed_runner) {
  asyncio::Runner runner;
  EXPECT_EQ(runner.run([]() -> Coro<int> { co_return 4; }()), 4);
  runner.close();
  EXPECT_EQ(ending_of([&] { return runner.run([]() -> Coro<int> { co_return 4; }()); }),
            "RuntimeError: Runner is closed");
}
