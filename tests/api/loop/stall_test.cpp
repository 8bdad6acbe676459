// A task that is stuck is named, with its coroutine and where it stands.
#include <hocket/hocket.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/rt/base/symbols.hpp>
#include <hocket/rt/sched/scheduler.hpp>

#include "support/environment.hpp"

namespace asyncio = hocket;
using asyncio::Coro;

namespace {

using clock_type = std::chrono::steady_clock;

std::uint64_t reports() { return asyncio::get_running_loop().state().sched().counters().stalls_reported; }

void compute(std::chrono::milliseconds time) {
  for (const auto until = clock_type::now() + time; clock_type::now() < until;) {
  }
}

void compute_until_told() {
  for (const auto until = clock_type::now() + std::chrono::seconds(20); reports() == 0;) {
    if (clock_type::now() > until) return;
    for (int i = 0; i < 1'000'000; ++i) asm volatile("");
  }
}

// Goes on for a while: it is told once.
[[gnu::noinline]] void the_culprit() {
  compute_until_told();
  compute(std::chrono::milliseconds(20));
  EXPECT_EQ(reports(), 1u);
}

Coro<> calls_the_culprit() {
  co_await asyncio::sleep(0);
  the_culprit();
}

Coro<> has_a_stuck_task() {
  const auto t = asyncio::create_task(calls_the_culprit(), {.name = "Slow \"one\""});
  co_await t;
}

void expect_to_be_named(std::string text) {
  const std::string_view report = "hocket: worker ";
  if (const auto second = text.find(report, text.find(report) + report.size()); second != text.npos)
    text.resize(second);
  EXPECT_NE(text.find("has been in the task 'Slow \"one\"' for "), text.npos) << text;
  EXPECT_NE(text.find("calls_the_culprit()' at "), text.npos) << text;
  EXPECT_NE(text.find("stall_test.cpp:"), text.npos) << text;
  if (text.find("its stack could not be read") != text.npos) {
    EXPECT_TRUE(hocket::support::under_sanitizer) << text;
    GTEST_SKIP() << "the sanitizer calls signal handlers later";
  }
  if (!hocket::rt::symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  const auto culprit = text.find("the_culprit()");
  const auto caller = text.find("called by", culprit);
  EXPECT_NE(culprit, text.npos) << text;
  EXPECT_NE(text.find("calls_the_culprit()", caller), text.npos) << text;
  EXPECT_EQ(text.find("hocket::rt::"), text.npos) << "the runtime's own frames are left out\n" << text;
}

TEST(stalls, are_reported_in_the_parallel_door_in_debug_mode) {
  testing::internal::CaptureStderr();
  asyncio::run_parallel(has_a_stuck_task(), {.workers = 1, .debug = true});
  expect_to_be_named(testing::internal::GetCapturedStderr());
}

TEST(stalls, are_reported_in_the_serial_door_in_debug_mode) {
  testing::internal::CaptureStderr();
  asyncio::run(has_a_stuck_task(), {.workers = 1, .debug = true});
  expect_to_be_named(testing::internal::GetCapturedStderr());
}

TEST(stalls, are_not_reported_where_nobody_asked) {
  asyncio::run_parallel(
      []() -> Coro<> {
        compute(std::chrono::milliseconds(150));
        co_await asyncio::sleep(0);
        EXPECT_EQ(reports(), 0u);
      }(),
      {.workers = 1, .debug = false});
}

TEST(stalls, are_not_what_said_that_it_would_take_long) {
  asyncio::run_parallel(
      []() -> Coro<> {
        co_await asyncio::parallel(compute, std::chrono::milliseconds(150));
        co_await asyncio::to_thread(compute, std::chrono::milliseconds(150));
        co_await asyncio::sleep(0.15);
        EXPECT_EQ(reports(), 0u);
      }(),
      {.workers = 1, .debug = true});
}

// One turn of a serial loop, and no task of it is long, unless the machine was busy with other things.
TEST(stalls, are_not_many_short_tasks_of_a_busy_loop) {
  asyncio::run(
      []() -> Coro<> {
        std::vector<asyncio::Task<bool>> tasks;
        for (int i = 0; i < 30; ++i) {
          tasks.push_back(asyncio::create_task([]() -> Coro<bool> {
            const auto start = asyncio::perf_counter();
            compute(std::chrono::milliseconds(8));
            co_return asyncio::perf_counter() - start > 0.09;
          }));
        }
        std::size_t long_ones = 0;
        for (const auto& t : tasks) long_ones += co_await t;
        EXPECT_LE(reports(), long_ones);
      }(),
      {.workers = 1, .debug = true});
}

}  // namespace
