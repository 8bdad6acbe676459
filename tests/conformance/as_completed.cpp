// as_completed: group C13.
#include "doors.hpp"

using namespace conformance;

namespace {

Coro<int> value_after(int value, double seconds) {
  co_await asyncio::sleep(seconds);
  co_return value;
}

std::vector<Task<int>> three_sleepers() {
  std::vector<Task<int>> tasks;
  tasks.push_back(asyncio::create_task(value_after(3, 0.3)));
  tasks.push_back(asyncio::create_task(value_after(1, 0.1)));
  tasks.push_back(asyncio::create_task(value_after(2, 0.2)));
  return tasks;
}

}  // namespace

IN_BOTH_DOORS(as_completed, a_plain_loop_awaits_the_results_in_the_order_of_the_ends) {
  const double start = now();
  std::vector<Coro<int>> coros;
  coros.push_back(value_after(3, 0.3));
  coros.push_back(value_after(1, 0.1));
  coros.push_back(value_after(2, 0.2));
  std::vector<int> values;
  for (auto next : asyncio::as_completed(std::move(coros))) {
    const int value = co_await std::move(next);
    values.push_back(value);
    EXPECT_NEAR(now() - start, 0.1 * value, 0.01);
  }
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3}));
}

IN_BOTH_DOORS(as_completed, an_asynchronous_loop_gives_the_same_handles) {
  const auto tasks = three_sleepers();
  std::vector<Task<int>> ended;
  ASYNC_FOR(auto task, asyncio::as_completed(tasks)) {
    EXPECT_TRUE(task.done());
    ended.push_back(task);
  }
  EXPECT_EQ(ended, (std::vector<Task<int>>{tasks[1], tasks[2], tasks[0]}));
}

IN_BOTH_DOORS(as_completed, of_nothing_gives_nothing) {
  const std::vector<Task<int>> none;
  int seen = 0;
  for (auto next : asyncio::as_completed(none)) {
    const int value = co_await std::move(next);
    seen += value;
  }
  ASYNC_FOR(auto task, asyncio::as_completed(none)) seen += task.result();
  EXPECT_EQ(seen, 0);
}

IN_BOTH_DOORS(as_completed, a_loop_that_was_left_may_be_taken_up_again_either_way) {
  const auto tasks = three_sleepers();
  auto ends = asyncio::as_completed(tasks);
  std::vector<int> values;
  for (auto next : ends) {
    const int value = co_await std::move(next);
    values.push_back(value);
    break;
  }
  ASYNC_FOR(auto task, ends) {
    values.push_back(task.result());
    break;
  }
  for (auto next : ends) {
    const int value = co_await std::move(next);
    values.push_back(value);
  }
  EXPECT_EQ(values, (std::vector<int>{1, 2, 3}));
  const auto after_all = co_await ends.next();
  EXPECT_FALSE(after_all);
}

IN_BOTH_DOORS(as_completed, the_same_handle_twice_comes_once) {
  auto task = asyncio::create_task(value_after(7, 0.1));
  const std::vector<Task<int>> twice{task, task};
  int times = 0;
  ASYNC_FOR(auto ended, asyncio::as_completed(twice)) {
    EXPECT_EQ(ended.result(), 7);
    ++times;
  }
  EXPECT_EQ(times, 1);
}

IN_BOTH_DOORS(as_completed, when_the_time_is_up_the_loop_throws_and_the_tasks_go_on) {
  const double start = now();
  const auto tasks = three_sleepers();
  std::vector<int> values;
  std::string how = "returned";
  try {
    ASYNC_FOR(auto task, asyncio::as_completed(tasks, {.timeout = 0.25})) values.push_back(task.result());
  } catch (const asyncio::TimeoutError& e) {
    how = "TimeoutError" + std::string(e.what());
  }
  EXPECT_EQ(how, "TimeoutError");
  EXPECT_EQ(values, (std::vector<int>{1, 2}));
  EXPECT_NEAR(now() - start, 0.25, 0.01);
  EXPECT_EQ(co_await tasks[0], 3);
}

IN_BOTH_DOORS(as_completed, in_a_plain_loop_each_await_that_is_left_throws) {
  const auto tasks = three_sleepers();
  std::vector<std::string> how;
  for (auto next : asyncio::as_completed(tasks, {.timeout = 0.15})) how.push_back(co_await ending(std::move(next)));
  EXPECT_EQ(how, (Entries{"returned", "TimeoutError", "TimeoutError"}));
  co_await asyncio::gather(tasks);
}

IN_BOTH_DOORS(as_completed, without_time_what_ended_before_still_comes) {
  auto future = new_future<int>();
  future.set_result(1);
  const std::vector<Future<int>> both{future, new_future<int>()};
  auto ends = asyncio::as_completed(both, {.timeout = 0});
  co_await settle();
  std::vector<std::string> how;
  for (auto next : ends) how.push_back(co_await ending(std::move(next)));
  EXPECT_EQ(how, (Entries{"returned", "TimeoutError"}));
}

IN_BOTH_DOORS(as_completed, a_timeout_that_is_not_needed_leaves_nothing_behind) {
  const auto tasks = three_sleepers();
  int sum = 0;
  ASYNC_FOR(auto task, asyncio::as_completed(tasks, {.timeout = 1000})) sum += task.result();
  EXPECT_EQ(sum, 6);
  EXPECT_LT(now(), 100);
}

IN_BOTH_DOORS(as_completed, a_failure_is_thrown_by_its_own_await) {
  auto fail = []() -> Coro<int> {
    co_await asyncio::sleep(0.1);
    throw asyncio::ValueError("middle");
  };
  std::vector<Task<int>> tasks = three_sleepers();
  tasks.push_back(asyncio::create_task(fail));
  tasks.erase(tasks.begin() + 1);
  std::vector<std::string> how;
  for (auto next : asyncio::as_completed(tasks)) how.push_back(co_await ending(std::move(next)));
  EXPECT_EQ(how, (Entries{"ValueError: middle", "returned", "returned"}));
}

IN_BOTH_DOORS(as_completed, the_coroutines_may_be_awaited_at_once) {
  const auto tasks = three_sleepers();
  std::vector<Coro<int>> nexts;
  for (auto next : asyncio::as_completed(tasks)) nexts.push_back(std::move(next));
  const std::vector<int> values = co_await asyncio::gather(std::move(nexts));
  EXPECT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0] + values[1] + values[2], 6);
}

IN_BOTH_DOORS(as_completed, a_waiter_that_is_cancelled_leaves_the_end_to_the_next) {
  const auto tasks = three_sleepers();
  auto ends = asyncio::as_completed(tasks);
  auto impatient = asyncio::create_task([](asyncio::AsCompleted<Task<int>> source) -> Coro<int> {
    auto task = co_await source.next();
    co_return task->result();
  }(ends));
  co_await settle();
  impatient.cancel();
  EXPECT_EQ(co_await ending(impatient), "CancelledError");
  std::vector<int> values;
  ASYNC_FOR(auto task, ends) values.push_back(task.result());
  EXPECT_EQ(values, (std::vector<int>{1, 2}));  // as in CPython: the request that was cancelled counts as one
  EXPECT_EQ(co_await tasks[0], 3);
}

IN_BOTH_DOORS(as_completed, dropping_it_early_does_no_harm) {
  const auto tasks = three_sleepers();
  {
    auto ends = asyncio::as_completed(tasks, {.timeout = 5});
  }
  co_await asyncio::gather(tasks);
}

IN_BOTH_DOORS(as_completed, who_is_done_at_the_call_is_in_time) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) {
    futures.push_back(new_future<int>());
    futures.back().set_result(i);
  }
  int sum = 0;
  ASYNC_FOR(auto future, asyncio::as_completed(futures, {.timeout = 0})) sum += future.result();
  EXPECT_EQ(sum, 6);
}

// The pool of its own goes, and with it its threads, only when nothing holds the loop.
TEST(as_completed, leaves_nothing_behind_when_its_loop_is_closed_first) {
  const asyncio::EventLoop other = asyncio::new_event_loop();
  std::vector<Future<int>> futures{other.create_future<int>(), other.create_future<int>()};
  asyncio::run(
      [](std::vector<Future<int>> all) -> Coro<> {
        auto ends = asyncio::as_completed(all, {.timeout = 10});
        co_return;
      }(futures),
      {.virtual_clock = true});
  for (auto& f : futures) f.set_result(1);
}

// Tasks end on several workers while the time runs out: each await has one outcome, and none is missing.
static Coro<> short_of_time() {
  for (int round = 0; round < 100; ++round) {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(asyncio::create_task(value_after(i, 0.00001 * i)));
    int ended = 0, late = 0;
    for (auto next : asyncio::as_completed(tasks, {.timeout = 0.00001 * (round % 8)})) {
      const std::string how = co_await ending(std::move(next));
      ++(how == "returned" ? ended : late);
      if (how != "returned") EXPECT_EQ(how, "TimeoutError");
    }
    EXPECT_EQ(ended + late, 8);
    co_await asyncio::gather(tasks);
  }
}
TEST(as_completed, ends_and_timeouts_at_once_are_eight_outcomes_of_eight) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(short_of_time(), {.workers = workers});
}

// The time is up while the futures that are left are still being listened to.
static Coro<> no_time_at_all() {
  for (int round = 0; round < 200; ++round) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 16; ++i) futures.push_back(new_future<int>());
    for (int i = 0; i < 16; i += 2) futures[static_cast<std::size_t>(i)].set_result(i);
    auto ends = asyncio::as_completed(futures, {.timeout = 0});
    auto setter = asyncio::create_task([](Future<int> f) -> Coro<> {
      f.set_result(1);
      co_return;
    }(futures[1]));
    int ended = 0, late = 0;
    for (auto next : ends) {
      const std::string how = co_await ending(std::move(next));
      ++(how == "returned" ? ended : late);
    }
    EXPECT_GE(ended, 8);
    EXPECT_GE(late, 7);
    co_await setter;
  }
}
TEST(as_completed, no_time_is_no_race_with_the_call) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(no_time_at_all(), {.workers = workers});
}
