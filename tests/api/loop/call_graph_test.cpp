// Call graphs of tasks that run, wake, are cancelled and end while others look at them: from tasks on the pool, from
// threads outside, and into a serial loop that turns. Nobody may be lost by being looked at. For ThreadSanitizer.
#include <hocket/hocket.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <hocket/rt/sched/scheduler.hpp>

#include "support/environment.hpp"

namespace {

using hocket::Coro;
using hocket::Task;

bool is_whole(const std::vector<hocket::FrameCallGraphEntry>& stack) {
  // What is there is there to the root, and by name.
  for (const auto& e : stack) {
    if (e.function.empty() || e.file.empty() || e.line == 0) return false;
  }
  return stack.empty() || stack.back().function == "wanders" || stack.back().function == "follows" ||
         stack.back().function.ends_with("<lambda>");
}

Coro<> rests(int i) {
  if (i % 3 == 0) {
    co_await hocket::sleep(0);
  } else {
    co_await hocket::sleep(0.00001 * (i % 5));
  }
}

Coro<> wanders(int n) {
  for (int i = 0; i < n; ++i) co_await rests(i);
}

Coro<> follows(Task<> other) { (void)co_await hocket::as_result(other); }

// Generations of tasks, of which some are cancelled; each must end.
Coro<int> lives(int generations) {
  int ended = 0;
  for (int g = 0; g < generations; ++g) {
    std::vector<Task<>> all;
    for (int i = 0; i < 8; ++i) {
      all.push_back(hocket::create_task(wanders(i % 4 == 3 ? 1'000'000 : 6)));
      all.push_back(hocket::create_task(follows(all.back())));
    }
    co_await hocket::sleep(0.0002);
    for (std::size_t i = 6; i < all.size(); i += 8) all[i].cancel();
    for (const auto& t : all) {
      const auto end = co_await hocket::as_result(t);
      ended += end.has_value() || end.cancelled() ? 1 : 0;
    }
  }
  co_return ended;
}

/// Looks at every task of a loop, on and on.
void look_on(const hocket::EventLoop& loop, std::atomic<bool>& stops, std::atomic<int>& looks) {
  while (!stops.load()) {
    for (const hocket::AnyTask& t : hocket::all_tasks(loop)) {
      const auto graph = hocket::capture_call_graph(t);
      EXPECT_TRUE(is_whole(graph->call_stack)) << hocket::format_call_graph(*graph);
      for (const auto& by : graph->awaited_by) EXPECT_TRUE(is_whole(by.call_stack)) << hocket::format_call_graph(by);
      if (!graph->call_stack.empty()) looks.fetch_add(1);
    }
    (void)hocket::format_task_tree(loop);
  }
}

constexpr int generations = 40;

TEST(call_graph, tasks_of_the_pool_that_are_looked_at_by_threads_lose_nothing) {
  for (const unsigned workers : hocket::support::test_workers()) {
    std::atomic<bool> stops{false};
    std::atomic<int> looks{0};
    std::thread looker;
    const auto main = [&]() -> Coro<int> {
      looker = std::thread(look_on, hocket::get_running_loop(), std::ref(stops), std::ref(looks));
      co_return co_await lives(generations);
    };
    const int ended = hocket::run_parallel(main(), {.workers = workers, .seed = 1});
    stops = true;
    looker.join();
    EXPECT_EQ(ended, 16 * generations) << workers << " workers";
    EXPECT_GT(looks.load(), 0);
  }
}

TEST(call_graph, tasks_of_the_pool_that_look_at_one_another_lose_nothing) {
  for (const unsigned workers : hocket::support::test_workers()) {
    std::atomic<int> looks{0};
    const auto looker = [&]() -> Coro<> {
      for (;;) {
        for (const hocket::AnyTask& t : hocket::all_tasks()) {
          const auto graph = hocket::capture_call_graph(t);
          if (t != hocket::current_task() && !graph->call_stack.empty()) looks.fetch_add(1);
        }
        (void)hocket::format_task_tree();
        co_await hocket::sleep(0);
      }
    };
    const auto main = [&]() -> Coro<int> {
      const auto a = hocket::create_task(looker), b = hocket::create_task(looker);
      const int ended = co_await lives(generations);
      a.cancel();
      b.cancel();
      (void)co_await hocket::as_result(a);
      (void)co_await hocket::as_result(b);
      co_return ended;
    };
    EXPECT_EQ(hocket::run_parallel(main(), {.workers = workers, .seed = 2}), 16 * generations) << workers << " workers";
    EXPECT_GT(looks.load(), 0);
  }
}

TEST(call_graph, tasks_of_a_serial_loop_that_are_looked_at_from_outside_lose_nothing) {
  std::atomic<bool> stops{false};
  std::atomic<int> looks{0};
  std::thread looker;
  const auto main = [&]() -> Coro<int> {
    looker = std::thread(look_on, hocket::get_running_loop(), std::ref(stops), std::ref(looks));
    co_return co_await lives(10 * generations);
  };
  EXPECT_EQ(hocket::run(main()), 16 * 10 * generations);
  stops = true;
  looker.join();
  EXPECT_GT(looks.load(), 0);
}

// What a look from outside puts off is carried out by the loop, and the timer's turn comes before that.
TEST(call_graph, a_cancel_during_a_look_from_outside_may_come_after_the_wait_has_ended) {
  const auto main = []() -> Coro<> {
    Task<> sleeper;
    hocket::get_running_loop().call_later(1, [&] {
      EXPECT_TRUE(sleeper.cancel());
      std::thread([&] { sleeper.state()->end_look(); }).join();
    });
    sleeper = hocket::create_task(hocket::sleep(1));
    co_await hocket::sleep(0.5);
    EXPECT_TRUE(sleeper.state()->begin_look());
    const auto end = co_await hocket::as_result(sleeper);
    EXPECT_TRUE(end.cancelled());
    EXPECT_EQ(hocket::get_running_loop().time(), 1);
  };
  hocket::run(main(), {.virtual_clock = true});
}

TEST(call_graph, the_dump_of_a_runtime_shows_who_awaits_whom) {
  char* text = nullptr;
  std::size_t size = 0;
  const auto main = [&]() -> Coro<> {
    const auto task = hocket::create_task(wanders(1'000'000), {.name = "wanderer"});
    const auto by = hocket::create_task(follows(task), {.name = "follower"});
    co_await hocket::sleep(0);
    std::FILE* const out = open_memstream(&text, &size);
    hocket::get_running_loop().state().sched().dump(out);
    std::fclose(out);
    task.cancel();
    co_await by;
  };
  hocket::run(main());
  const std::string dump(text, size);
  std::free(text);
  const auto at = dump.find("who awaits whom:");
  ASSERT_NE(at, std::string::npos) << dump;
  const auto follower = dump.find("(T) follower", at), wanderer = dump.find("(T) wanderer", at);
  EXPECT_NE(follower, std::string::npos) << dump;
  EXPECT_LT(follower, wanderer) << dump;
}

}  // namespace
