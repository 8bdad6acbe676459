// Loops and threads: run_coroutine_threadsafe (C22), executors, and X4: one task in the hands of several threads.
#include <atomic>
#include <future>
#include <thread>

#include "doors.hpp"

using namespace conformance;

namespace {

Coro<int> add(int a, int b, double seconds = 0.05) {
  co_await asyncio::sleep(seconds);
  co_return a + b;
}

Coro<int> fail_after(double seconds) {
  co_await asyncio::sleep(seconds);
  throw asyncio::RuntimeError("Fail!");
}

/// What a thread outside of the loop sees of `coro`, which it makes a task of the loop.
std::string from_outside(Coro<int> coro, const asyncio::EventLoop& loop, asyncio::OptionalDelay timeout = {}) {
  const auto future = asyncio::run_coroutine_threadsafe(std::move(coro), loop);
  const std::string how = ending_of([&] { return future.result(timeout); });
  if (!future.done()) future.cancel();
  return how;
}

}  // namespace

IN_BOTH_DOORS(threadsafe, a_thread_gets_the_result_of_a_coroutine) {
  const auto loop = asyncio::get_running_loop();
  const int sum = co_await asyncio::to_thread([&] {
    const auto future = asyncio::run_coroutine_threadsafe(add(1, 2), loop);
    const int value = future.result();
    EXPECT_TRUE(future.done());
    EXPECT_EQ(future.result(), value);
    EXPECT_FALSE(future.exception());
    EXPECT_FALSE(future.cancel());
    return value;
  });
  EXPECT_EQ(sum, 3);
  EXPECT_NEAR(now(), 0.05, 0.01);  // the clock ran while the thread slept
}

IN_BOTH_DOORS(threadsafe, a_thread_gets_its_exception) {
  const auto loop = asyncio::get_running_loop();
  const std::string how = co_await asyncio::to_thread([&] { return from_outside(fail_after(0.01), loop); });
  EXPECT_EQ(how, "RuntimeError: Fail!");
}

IN_BOTH_DOORS(threadsafe, a_thread_that_waits_too_long_gets_a_timeout_and_may_cancel) {
  const auto loop = asyncio::get_running_loop();
  auto never = new_future<int>();
  const std::string how = co_await asyncio::to_thread(
      [&] { return from_outside([](Future<int> f) -> Coro<int> { co_return co_await f; }(never), loop, 0.01); });
  EXPECT_EQ(how, "TimeoutError");
  co_await settle();
  EXPECT_TRUE(never.cancelled());
  EXPECT_EQ(asyncio::all_tasks().size(), 1u);
}

IN_BOTH_DOORS(threadsafe, a_cancelled_task_is_a_cancelled_future) {
  const auto loop = asyncio::get_running_loop();
  auto self_cancelling = []() -> Coro<int> {
    asyncio::current_task().cancel();
    co_await asyncio::sleep(1);
    co_return 1;
  };
  const std::string how = co_await asyncio::to_thread([&] { return from_outside(self_cancelling(), loop); });
  EXPECT_EQ(how, "CancelledError");
}

IN_BOTH_DOORS(threadsafe, cancelling_the_future_cancels_the_task) {
  const auto loop = asyncio::get_running_loop();
  Log log;
  auto child = [&]() -> Coro<int> {
    log("begins");
    const auto r = co_await asyncio::as_result(asyncio::sleep(100));
    log(r.cancelled() ? "cancelled" : "not cancelled");
    r.rethrow();
    co_return 1;
  };
  auto future = asyncio::run_coroutine_threadsafe(child().with_closure_kept(), loop);
  co_await settle();
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_FALSE(future.cancel());
  co_await settle();
  EXPECT_EQ(log.entries(), (Entries{"begins", "cancelled"}));
  EXPECT_EQ(ending_of([&] { return future.result(); }), "CancelledError");
}

IN_SERIAL_DOOR(threadsafe, one_that_is_cancelled_before_it_starts_never_runs) {
  bool ran = false;
  auto child = [&]() -> Coro<> {
    ran = true;
    co_return;
  };
  auto future = asyncio::run_coroutine_threadsafe(child().with_closure_kept(), asyncio::get_running_loop());
  EXPECT_TRUE(future.cancel());
  co_await settle();
  EXPECT_FALSE(ran);
}

IN_BOTH_DOORS(threadsafe, a_worker_may_not_sleep_for_it) {
  const auto loop = asyncio::get_running_loop();
  auto future = asyncio::run_coroutine_threadsafe(add(1, 2), loop);
  EXPECT_EQ(ending_of([&] { return future.result(); }),
            "RuntimeError: result() would block a worker of the pool: await wrap_future(future) instead");
  EXPECT_EQ(co_await asyncio::wrap_future(future), 3);
  EXPECT_EQ(future.result(), 3);  // what is done blocks nobody
}

IN_BOTH_DOORS(threadsafe, a_wrapped_future_passes_a_cancel_on) {
  auto future = asyncio::run_coroutine_threadsafe(add(1, 2, 100), asyncio::get_running_loop());
  auto wrapped = asyncio::wrap_future(future);
  co_await settle();
  wrapped.cancel();
  EXPECT_TRUE(future.cancelled());
  co_await settle();
  EXPECT_EQ(asyncio::all_tasks().size(), 1u);
}

TEST(threadsafe, what_is_no_coroutine_or_no_open_loop_is_refused) {
  auto loop = asyncio::new_event_loop();
  EXPECT_EQ(ending_of([&] { return asyncio::run_coroutine_threadsafe(Coro<int>(), loop); }),
            "TypeError: A coroutine object is required");
  auto late = asyncio::run_coroutine_threadsafe(add(1, 2), loop);
  loop.close();
  EXPECT_TRUE(late.done());  // nobody waits for ever: its task was a leftover, or was never made
  EXPECT_EQ(ending_of([&] { return late.result(); }), "CancelledError");
}

TEST(threadsafe, many_threads_at_once_each_get_their_own) {
  auto body = []() -> Coro<> {
    const auto loop = asyncio::get_running_loop();
    std::atomic<int> wrong{0};
    std::atomic<int> left{4};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          if (asyncio::run_coroutine_threadsafe(add(1000 * t, i, 0), loop).result() != 1000 * t + i) ++wrong;
        }
        --left;
      });
    }
    while (left > 0) co_await asyncio::sleep(0.001);
    for (auto& t : threads) t.join();
    EXPECT_EQ(wrong.load(), 0);
  };
  asyncio::run(body());
  asyncio::run_parallel(body());
}

// X4: one thread cancels a task, one waits for it, one lets go of it.
static Coro<> three_hands() {
  const auto loop = asyncio::get_running_loop();
  for (int round = 0; round < 40; ++round) {
    auto task = asyncio::create_task([]() -> Coro<int> {
      for (int i = 0; i < 5; ++i) co_await asyncio::sleep(0);
      co_return 7;
    });
    std::atomic<bool> accepted{false};
    std::string how;
    std::atomic<int> left{3};
    std::thread canceller([&left, &accepted, t = task] {
      accepted = t.cancel();
      --left;
    });
    std::thread waiter([&left, &how, &loop, t = task]() mutable {
      auto await_it = [](Task<int> it) -> Coro<int> { co_return co_await it; };
      const auto future = asyncio::run_coroutine_threadsafe(await_it(std::move(t)), loop);
      how = ending_of([&] { return future.result(); });
      --left;
    });
    std::thread dropper([&left, t = std::move(task)]() mutable {
      t = {};
      --left;
    });
    while (left > 0) co_await asyncio::sleep(0.0001);
    canceller.join();
    waiter.join();
    dropper.join();
    EXPECT_TRUE(how == "returned" || (accepted && how == "CancelledError")) << how;
  }
}
TEST(threadsafe, a_task_may_be_cancelled_awaited_and_dropped_by_three_threads) {
  asyncio::run(three_hands());
  asyncio::run_parallel(three_hands());
}

// --- executors ---

IN_BOTH_DOORS(executors, a_call_starts_at_once_and_gives_a_future) {
  const auto loop = asyncio::get_running_loop();
  auto future = loop.run_in_executor({}, [](int a, int b) { return a + b; }, 3, 4);
  EXPECT_EQ(co_await future, 7);
  EXPECT_EQ(co_await ending(loop.run_in_executor({}, [] { throw asyncio::ValueError("there"); })), "ValueError: there");
}

IN_BOTH_DOORS(executors, one_of_ones_own_has_threads_of_its_own) {
  const auto loop = asyncio::get_running_loop();
  const asyncio::ThreadPoolExecutor executor(1);
  auto who = [] { return std::this_thread::get_id(); };
  const auto first = co_await loop.run_in_executor(executor, who);
  const auto second = co_await loop.run_in_executor(executor, who);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
  executor.shutdown();
  EXPECT_EQ(ending_of([&] { return loop.run_in_executor(executor, who); }),
            "RuntimeError: cannot schedule new futures after shutdown");
}

IN_BOTH_DOORS(executors, the_default_one_may_be_set_and_to_thread_has_it_too) {
  const auto loop = asyncio::get_running_loop();
  const asyncio::ThreadPoolExecutor executor(1);
  loop.set_default_executor(executor);
  auto who = [] { return std::this_thread::get_id(); };
  const auto own = co_await loop.run_in_executor(executor, who);
  EXPECT_EQ(co_await loop.run_in_executor({}, who), own);
  EXPECT_EQ(co_await asyncio::to_thread(who), own);
  loop.set_default_executor({});
  EXPECT_NE(co_await asyncio::to_thread(who), own);
}

IN_BOTH_DOORS(executors, a_call_that_is_cancelled_before_it_begins_is_not_made) {
  const auto loop = asyncio::get_running_loop();
  const asyncio::ThreadPoolExecutor executor(1);
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  std::atomic<bool> ran{false};
  auto first = loop.run_in_executor(executor, [opened] { opened.wait(); });
  auto second = loop.run_in_executor(executor, [&ran] { ran = true; });
  EXPECT_TRUE(second.cancel());
  gate.set_value();
  co_await first;
  executor.shutdown();
  EXPECT_FALSE(ran.load());
}

TEST(executors, one_serves_threads_without_any_loop) {
  const asyncio::ThreadPoolExecutor executor(2);
  auto a = executor.submit([](int x) { return x * 2; }, 21);
  auto b = executor.submit([] { throw asyncio::ValueError("no"); });
  EXPECT_EQ(a.result(), 42);
  EXPECT_EQ(ending_of([&] { b.result(); }), "ValueError: no");
  EXPECT_EQ(ending_of([] { asyncio::ThreadPoolExecutor none(0); }), "ValueError: max_workers must be greater than 0");
}

TEST(executors, the_last_handle_may_go_on_one_of_its_own_threads) {
  std::promise<void> gate;
  auto opened = gate.get_future();
  asyncio::ConcurrentFuture<int> future;
  {
    asyncio::ThreadPoolExecutor executor(1);
    auto kept = std::make_shared<asyncio::ThreadPoolExecutor>(executor);
    future = executor.submit([kept, &opened]() mutable {
      opened.wait();
      kept.reset();
      return 1;
    });
    kept.reset();
  }
  gate.set_value();
  EXPECT_EQ(future.result(), 1);
}

IN_BOTH_DOORS(executors, a_std_future_may_be_awaited) {
  std::promise<int> promise;
  auto wrapped = asyncio::wrap_future(promise.get_future());
  promise.set_value(9);
  EXPECT_EQ(co_await wrapped, 9);
}

// --- ConcurrentFuture.add_done_callback ---

TEST(threadsafe, a_callback_of_a_concurrent_future_is_called_by_the_thread_that_completes_it) {
  const asyncio::ThreadPoolExecutor executor(1);
  std::atomic<bool> go_on{false};
  std::atomic<std::thread::id> called_by{};
  auto future = executor.submit([&] {
    while (!go_on) std::this_thread::yield();
    return std::this_thread::get_id();
  });
  future.add_done_callback([&](const asyncio::ConcurrentFuture<std::thread::id>& f) {
    EXPECT_TRUE(f.done());
    called_by = std::this_thread::get_id();
  });
  EXPECT_EQ(called_by.load(), std::thread::id());
  go_on = true;
  executor.shutdown();
  EXPECT_EQ(called_by.load(), future.result());
  // What is done already: at once.
  bool is_called = false;
  future.add_done_callback([&](const auto&) { is_called = true; });
  EXPECT_TRUE(is_called);
}

TEST(threadsafe, a_callback_of_a_concurrent_future_is_called_when_that_is_cancelled) {
  auto future = asyncio::ConcurrentFuture<int>::make();
  int calls = 0;
  future.add_done_callback([&](const asyncio::ConcurrentFuture<int>& f) { calls += f.cancelled(); });
  EXPECT_TRUE(future.cancel());
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(calls, 1);
}

TEST(threadsafe, what_a_callback_of_a_concurrent_future_throws_is_reported) {
  auto future = asyncio::ConcurrentFuture<int>::make();
  int calls = 0;
  future.add_done_callback([](const auto&) { throw asyncio::ValueError("oops"); });
  future.add_done_callback([&](const auto&) { ++calls; });
  testing::internal::CaptureStderr();
  future.cancel();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(told.starts_with("exception calling callback for <Future")) << told;
  EXPECT_NE(told.find("ValueError: oops"), std::string::npos) << told;
  EXPECT_EQ(calls, 1);
}

IN_BOTH_DOORS(threadsafe, a_callback_of_a_concurrent_future_takes_its_turn_in_the_loop_that_completes_it) {
  const auto loop = asyncio::get_running_loop();
  Log log;
  auto future = asyncio::run_coroutine_threadsafe(add(1, 2), loop);
  future.add_done_callback([&, loop](const asyncio::ConcurrentFuture<int>& f) {
    EXPECT_TRUE(asyncio::get_running_loop() == loop);
    log("sum " + std::to_string(f.result()));
  });
  EXPECT_EQ(co_await asyncio::wrap_future(future), 3);
  co_await settle();
  EXPECT_EQ(log.entries(), (Entries{"sum 3"}));
}
