// The testing tools themselves: time costs nothing, a seed replays, and an order that breaks a program is found.
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/testing/testing.hpp>
#include <string>
#include <vector>

namespace asyncio = hocket;
using asyncio::Coro;

namespace {

Coro<double> sleep_for_a_year() {
  const double before = asyncio::get_running_loop().time();
  co_await asyncio::sleep(std::chrono::hours(24 * 365));
  co_return asyncio::get_running_loop().time() - before;
}

TEST(virtual_clock, a_year_of_sleep_takes_no_time_and_reads_as_a_year) {
  constexpr double year = 365.0 * 24 * 3600;
  EXPECT_DOUBLE_EQ(asyncio::testing::run_virtual(sleep_for_a_year()), year);
  EXPECT_DOUBLE_EQ(asyncio::testing::run_parallel_virtual(sleep_for_a_year()), year);
}

Coro<> append(std::string& out, char c) {
  out += c;
  co_await asyncio::sleep(0);
  out += static_cast<char>(c - 'a' + 'A');
}

Coro<> start_six(std::string& out) {
  std::vector<asyncio::Task<>> tasks;
  for (const char c : std::string("abcdef")) tasks.push_back(asyncio::create_task(append(out, c)));
  co_await asyncio::gather(tasks);
}

std::string order_under(std::uint64_t seed) {
  std::string out;
  asyncio::run_parallel(start_six(out), asyncio::testing::seeded(seed));
  return out;
}

TEST(seed, gives_the_same_schedule_every_time) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(order_under(seed), order_under(seed)) << "seed " << seed;
}

TEST(seed, gives_different_schedules_for_different_seeds) {
  bool differs = false;
  for (std::uint64_t seed = 2; seed <= 20; ++seed) differs |= order_under(seed) != order_under(1);
  EXPECT_TRUE(differs);
}

// A lost update: reads, gives way, writes.
Coro<> add_carelessly(int& counter) {
  const int seen = counter;
  co_await asyncio::sleep(0);
  counter = seen + 1;
}

Coro<> two_additions() {
  int counter = 0;
  auto first = asyncio::create_task(add_carelessly(counter));
  co_await asyncio::sleep(0);
  auto second = asyncio::create_task(add_carelessly(counter));
  co_await first;
  co_await second;
  if (counter != 2) throw asyncio::ValueError("an addition was lost");
}

TEST(explore, finds_an_order_that_breaks_a_program_and_its_seed_replays) {
  const auto found = asyncio::testing::explore(two_additions, 200);
  ASSERT_FALSE(found) << "200 schedules found nothing";
  EXPECT_NE(found.text().find("ValueError: an addition was lost; replay it with HOCKET_SEED="), std::string::npos);
  EXPECT_THROW(asyncio::run_parallel(two_additions(), asyncio::testing::seeded(found.failing_seed)),
               asyncio::ValueError);
}

Coro<> correct() { co_await asyncio::sleep(1); }

TEST(explore, says_how_many_schedules_passed) {
  const auto found = asyncio::testing::explore(correct, 25);
  EXPECT_TRUE(found);
  EXPECT_EQ(found.text(), "25 schedules passed");
}

}  // namespace
