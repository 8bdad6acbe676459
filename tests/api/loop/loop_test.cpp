// The loop in one's hands: what stands still between two calls, the order of callbacks, what close() does with what is
// left.
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace asyncio = hocket;
using asyncio::Coro;

namespace {

asyncio::RunOptions virtual_time() {
  asyncio::RunOptions o;
  o.virtual_clock = true;
  o.workers = 2;
  o.debug = false;  // it says more
  return o;
}

Coro<int> value_after(double seconds, int value) {
  co_await asyncio::sleep(seconds);
  co_return value;
}

Coro<> append_after(double seconds, std::vector<int>& out, int value) {
  co_await asyncio::sleep(seconds);
  out.push_back(value);
}

std::string text_of(const asyncio::EventLoop& loop) {
  std::ostringstream out;
  out << loop;
  return out.str();
}

TEST(event_loop, prints_as_python_prints_it) {
  auto loop = asyncio::new_event_loop(virtual_time());
  EXPECT_EQ(text_of(loop), "<_UnixSelectorEventLoop running=False closed=False debug=False>");
  loop.close();
  EXPECT_EQ(text_of(loop), "<_UnixSelectorEventLoop running=False closed=True debug=False>");
}

TEST(event_loop, a_pending_task_stays_pending_between_two_runs) {
  auto loop = asyncio::new_event_loop(virtual_time());
  auto slow = loop->create_task(value_after(10, 1));
  EXPECT_EQ(loop->run_until_complete(value_after(1, 2)), 2);
  EXPECT_FALSE(slow.done());
  EXPECT_DOUBLE_EQ(loop.time(), 1.0);
  EXPECT_EQ(loop->run_until_complete(slow), 1);
  EXPECT_DOUBLE_EQ(loop.time(), 10.0);
  loop.close();
}

TEST(event_loop, close_cancels_and_drains_what_is_left) {
  auto loop = asyncio::new_event_loop(virtual_time());
  auto left = loop->create_task(value_after(10, 1));
  loop->run_until_complete(value_after(1, 2));
  loop.close();
  EXPECT_TRUE(left.cancelled());
}

TEST(event_loop, a_closed_loop_refuses_work_in_asyncios_words) {
  auto loop = asyncio::new_event_loop(virtual_time());
  loop.close();
  try {
    loop->run_until_complete(value_after(0, 1));
    FAIL() << "a closed loop ran";
  } catch (const asyncio::RuntimeError& e) {
    EXPECT_STREQ(e.what(), "Event loop is closed");
  }
  EXPECT_THROW(loop.call_soon([] {}), asyncio::RuntimeError);
}

TEST(event_loop, callbacks_run_in_the_order_of_the_calls) {
  auto loop = asyncio::new_event_loop(virtual_time());
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) loop.call_soon([&order, i] { order.push_back(i); });
  loop->run_until_complete(value_after(0, 0));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  loop.close();
}

TEST(event_loop, equal_deadlines_fire_in_the_order_of_their_creation) {
  auto loop = asyncio::new_event_loop(virtual_time());
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) loop.call_at(5, [&order, i] { order.push_back(i); });
  loop->run_until_complete(value_after(6, 0));
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  loop.close();
}

TEST(event_loop, a_cancelled_handle_is_not_called) {
  auto loop = asyncio::new_event_loop(virtual_time());
  int calls = 0;
  auto soon = loop.call_soon([&] { ++calls; });
  auto later = loop.call_later(1, [&] { ++calls; });
  soon.cancel();
  later.cancel();
  loop->run_until_complete(value_after(2, 0));
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(later.cancelled());
  loop.close();
}

TEST(event_loop, an_exception_in_a_callback_is_reported_and_the_loop_goes_on) {
  testing::internal::CaptureStderr();
  auto loop = asyncio::new_event_loop(virtual_time());
  loop.call_soon([] { throw asyncio::ValueError("lost"); });
  EXPECT_EQ(loop->run_until_complete(value_after(1, 3)), 3);
  loop.close();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("Exception in callback <lambda>() at ")) << text;
  EXPECT_NE(text.find("\nhandle: <Handle <lambda>() at "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(">\nValueError: lost\n")) << text;
}

TEST(event_loop, one_thousand_equal_sleeps_end_in_creation_order) {
  auto loop = asyncio::new_event_loop(virtual_time());
  std::vector<int> order;
  std::vector<asyncio::Task<>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(loop->create_task(append_after(1, order, i)));
  loop->run_until_complete(asyncio::gather(tasks));
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  loop.close();
}

Coro<> run_inside() {
  asyncio::run(value_after(0, 1), virtual_time());
  co_return;
}

TEST(run, refuses_to_nest_and_warns_of_the_coroutine_that_never_ran) {
  testing::internal::CaptureStderr();
  try {
    asyncio::run(run_inside(), virtual_time());
    FAIL() << "a nested run was allowed";
  } catch (const asyncio::RuntimeError& e) {
    EXPECT_STREQ(e.what(), "asyncio.run() cannot be called from a running event loop");
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("RuntimeWarning: coroutine 'value_after' was never awaited"),
            std::string::npos);
}

TEST(runner, shares_one_loop_between_runs_and_refuses_after_close) {
  asyncio::Runner runner(virtual_time());
  const auto loop = runner.get_loop();
  EXPECT_EQ(runner.run(value_after(1, 4)), 4);
  EXPECT_EQ(runner.run(value_after(1, 5)), 5);
  EXPECT_EQ(runner.get_loop(), loop);
  runner.close();
  try {
    runner.run(value_after(0, 1));
    FAIL() << "a closed runner ran";
  } catch (const asyncio::RuntimeError& e) {
    EXPECT_STREQ(e.what(), "Runner is closed");
  }
}

Coro<> fails_when_cancelled() {
  auto r = co_await asyncio::as_result(asyncio::sleep(100));
  if (r.cancelled()) throw asyncio::ValueError("at the end");
}

Coro<> leave_one_behind() {
  asyncio::create_task(fails_when_cancelled());
  co_await asyncio::sleep(0);
}

TEST(run, reports_what_a_leftover_task_fails_with) {
  testing::internal::CaptureStderr();
  asyncio::run(leave_one_behind(), virtual_time());
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("unhandled exception during asyncio.run() shutdown"), std::string::npos) << text;
  EXPECT_NE(text.find("ValueError: at the end"), std::string::npos) << text;
}

Coro<int> cancel_oneself_and(bool fail) {
  asyncio::current_task().cancel();
  if (fail) throw asyncio::ValueError("mine");
  co_return 1;
}

Coro<> an_owed_cancel() {
  auto failing = asyncio::create_task(cancel_oneself_and(true));
  auto returning = asyncio::create_task(cancel_oneself_and(false));
  auto failed = co_await asyncio::as_result(failing);
  auto returned = co_await asyncio::as_result(returning);
  EXPECT_EQ(asyncio::describe(failed.error()), "ValueError: mine");
  EXPECT_FALSE(failing.cancelled());
  EXPECT_TRUE(returned.cancelled());
}

TEST(task, an_owed_cancel_wins_over_a_value_and_not_over_an_exception) {
  asyncio::run(an_owed_cancel(), virtual_time());
  asyncio::run_parallel(an_owed_cancel(), virtual_time());
}

Coro<> nothing() { co_return; }

Coro<> start_the_call_of_a_capturing_lambda() {
  int x = 1;
  auto lambda = [x]() -> Coro<> { co_await asyncio::sleep(x); };
  EXPECT_THROW(asyncio::create_task(lambda()), asyncio::TypeError);
  co_await asyncio::create_task(lambda);
}

TEST(create_task, refuses_the_call_of_a_capturing_lambda_and_takes_the_lambda) {
  asyncio::run(start_the_call_of_a_capturing_lambda(), virtual_time());
}

TEST(create_task, needs_a_running_loop) {
  try {
    asyncio::create_task(nothing());
    FAIL() << "a task without a loop";
  } catch (const asyncio::RuntimeError& e) {
    EXPECT_STREQ(e.what(), "no running event loop");
  }
}

}  // namespace
