// parallel_for, parallel_reduce, parallel_sort, parallel_invoke: what they compute, throw and leave behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <hocket/hocket.hpp>
#include <hocket/rt/base/random.hpp>
#include <hocket/tbb/tbb.hpp>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "at_every_count.hpp"
#include "support/environment.hpp"
#include "support/eventually.hpp"

namespace asyncio = hocket;
using asyncio::Coro;
using hocket::tests::at_every_count;
using hocket::tests::at_worker_counts;

namespace {

constexpr int many = static_cast<int>(hocket::support::repetitions(200'000));

std::vector<std::uint32_t> random_numbers(std::size_t n, std::uint32_t below) {
  hocket::rt::random_source random(7);
  std::vector<std::uint32_t> out(n);
  for (auto& x : out) x = random.below(below);
  return out;
}

Coro<> every_index_once() {
  std::vector<int> times(many, 0);
  co_await asyncio::parallel_for(0, many, [&times](int i) { ++times[static_cast<std::size_t>(i)]; });
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), many);
  co_await asyncio::parallel_for(times.begin(), times.end(), [](int& x) { x += 2; });
  EXPECT_EQ(std::count(times.begin(), times.end(), 3), many);
  co_await asyncio::parallel_for(10, 20, 3, [&times](int i) { times[static_cast<std::size_t>(i)] = 7; });
  EXPECT_EQ(std::count(times.begin(), times.end(), 7), 10);
}

TEST(parallel_for, calls_the_function_once_for_every_index) { at_every_count(every_index_once); }

Coro<> nothing_to_do() {
  std::atomic<int> calls{0};
  auto count = [&calls](int) { ++calls; };
  std::vector<int> empty;
  co_await asyncio::parallel_for(5, 5, count);
  co_await asyncio::parallel_for(5, 3, count);
  co_await asyncio::parallel_sort(empty.begin(), empty.end());
  const int sum = co_await asyncio::parallel_reduce(0, 0, 42, [](int i) { return i; }, std::plus<>());
  EXPECT_EQ(calls.load(), 0);
  EXPECT_EQ(sum, 42);
}

TEST(parallel_for, does_nothing_for_an_empty_range) { at_every_count(nothing_to_do); }

Coro<> sums() {
  const auto square = [](std::int64_t i) { return i * i; };
  const std::int64_t n = many;
  const std::int64_t sum =
      co_await asyncio::parallel_reduce(std::int64_t{0}, n, std::int64_t{0}, square, std::plus<>());
  EXPECT_EQ(sum, (n - 1) * n * (2 * n - 1) / 6);
}

TEST(parallel_reduce, combines_a_value_of_every_index) { at_every_count(sums); }

// Concatenation is associative and nothing more: a part out of its place shows.
Coro<> concatenation() {
  std::string expected;
  for (int i = 0; i < 3000; ++i) expected += std::to_string(i) + ",";
  const auto text = [](int i) { return std::to_string(i) + ","; };
  const std::string joined = co_await asyncio::parallel_reduce(0, 3000, std::string(), text, std::plus<>());
  EXPECT_EQ(joined, expected);
}

TEST(parallel_reduce, keeps_the_order_of_the_range) { at_every_count(concatenation); }

Coro<> sort_all_kinds() {
  std::vector<std::vector<std::uint32_t>> kinds;
  kinds.push_back(random_numbers(many, 1u << 31));
  kinds.push_back(random_numbers(many, 3));  // nearly all equal
  kinds.push_back(std::vector<std::uint32_t>(many, 1));
  kinds.push_back(random_numbers(many, 1u << 31));
  std::sort(kinds.back().begin(), kinds.back().end());
  kinds.push_back(kinds.back());
  std::reverse(kinds.back().begin(), kinds.back().end());
  kinds.push_back(random_numbers(2, 10));
  kinds.push_back(random_numbers(1500, 10));
  std::vector<std::uint32_t> organ_pipe(many);
  for (int i = 0; i < many; ++i)
    organ_pipe[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(std::min(i, many - i));
  kinds.push_back(organ_pipe);
  for (auto& v : kinds) {
    auto expected = v;
    std::sort(expected.begin(), expected.end());
    co_await asyncio::parallel_sort(v.begin(), v.end());
    EXPECT_EQ(v, expected);
    co_await asyncio::parallel_sort(v.begin(), v.end(), std::greater<>());
    EXPECT_TRUE(std::is_sorted(v.begin(), v.end(), std::greater<>()));
  }
}

TEST(parallel_sort, sorts_what_is_random_equal_sorted_and_reversed) { at_every_count(sort_all_kinds); }

Coro<> sort_that_fails() {
  auto v = random_numbers(many, 1u << 31);
  auto expected = v;
  std::atomic<int> compared{0};
  auto less = [&compared](std::uint32_t a, std::uint32_t b) {
    if (compared.fetch_add(1, std::memory_order_relaxed) == many / 2) throw std::invalid_argument("enough");
    return a < b;
  };
  std::string text;
  try {
    co_await asyncio::parallel_sort(v.begin(), v.end(), less);
  } catch (const std::invalid_argument& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "enough");
  std::sort(v.begin(), v.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(v, expected) << "an element was lost";
}

TEST(parallel_sort, throws_what_the_comparison_throws_and_loses_no_element) { at_every_count(sort_that_fails); }

Coro<> three_functions() {
  int a = 0, b = 0, c = 0;
  auto one = [&a] { a = 1; };
  auto two = [&b] { b = 2; };
  auto three = [&c] { c = 3; };
  co_await asyncio::parallel_invoke(one, two, three);
  EXPECT_EQ(a + b + c, 6);
  co_await asyncio::parallel_invoke(three);
}

TEST(parallel_invoke, calls_each_function) { at_every_count(three_functions); }

Coro<> first_error() {
  std::atomic<int> after{0};
  std::string text;
  auto fails_at_ten = [&after](int i) {
    if (i == 10) throw std::out_of_range("ten");
    ++after;
  };
  try {
    co_await asyncio::parallel_for(0, 1'000'000'000, fails_at_ten);
  } catch (const std::out_of_range& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "ten");
  EXPECT_LT(after.load(), 1'000'000'000) << "the rest was given up";
}

TEST(parallel_for, throws_what_the_function_throws_and_gives_up_the_rest) { at_every_count(first_error); }

// Two tasks, each with its own call, in one arena.
Coro<std::int64_t> sum_to(int n) {
  const auto self = [](int i) { return std::int64_t{i}; };
  co_return co_await asyncio::parallel_reduce(0, n, std::int64_t{0}, self, std::plus<>());
}

Coro<> several_at_once() {
  std::vector<Coro<std::int64_t>> coros;
  for (int i = 0; i < 20; ++i) coros.push_back(sum_to(1000 * i));
  const auto sums = co_await asyncio::gather(std::move(coros));
  for (std::int64_t i = 0; i < 20; ++i) EXPECT_EQ(sums[static_cast<std::size_t>(i)], 1000 * i * (1000 * i - 1) / 2);
}

TEST(parallel_reduce, several_tasks_may_compute_at_once) { at_every_count(several_at_once); }

Coro<> nested() {
  std::vector<std::atomic<int>> cells(64 * 64);
  auto row = [&cells](int y) {
    const asyncio::tbb_machinery plain;  // ThreadSanitizer does not know what TBB orders
    tbb::parallel_for(0, 64, [&cells, y](int x) { ++cells[static_cast<std::size_t>(64 * y + x)]; });
  };
  co_await asyncio::parallel_for(0, 64, row);
  for (const auto& c : cells) EXPECT_EQ(c.load(), 1);
}

TEST(parallel_for, may_use_tbb_inside) { at_every_count(nested); }

Coro<> inside_tasks_and_back() {
  int ticks = 0;
  auto ticker = [&ticks]() -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await asyncio::sleep(0.001);
      ++ticks;
    }
  };
  auto nothing = [](int) {};
  auto compute = [&nothing]() -> Coro<> {
    for (int i = 0; i < 50; ++i) co_await asyncio::parallel_for(0, 100, nothing);
  };
  auto a = asyncio::create_task(ticker), b = asyncio::create_task(compute);
  co_await asyncio::gather(a, b);
  EXPECT_EQ(ticks, 3);
}

TEST(parallel_for, leaves_other_tasks_their_turns) { at_every_count(inside_tasks_and_back); }

Coro<> virtual_time() {
  const double before = asyncio::get_running_loop().time();
  auto nothing = [](int) {};
  co_await asyncio::gather(asyncio::sleep(3600), asyncio::parallel_for(0, 1000, nothing));
  EXPECT_GE(asyncio::get_running_loop().time() - before, 3600);
}

TEST(parallel_for, holds_the_virtual_clock_only_while_it_computes) {
  for (const unsigned workers : {1u, 2u, 4u}) {
    asyncio::RunOptions o;
    o.workers = workers;
    o.virtual_clock = true;
    for (int i = 0; i < 20; ++i) {
      asyncio::run(virtual_time(), o);
      asyncio::run_parallel(virtual_time(), o);
    }
  }
}

#if HOCKET_TSAN
// The two meet without an order between them, so that they run on two threads, and ThreadSanitizer could not know more.
// They meet before each write: it overlooks one that comes at the very same moment as the other, and one of a thread
// that has done so much else since that its history no longer tells where it was.
Coro<> two_pieces_write_the_same() {
  volatile int same = 0;
  std::atomic<int> arrived{0};
  auto write = [&](int i) {
    for (int round = 1; round <= 100; ++round) {
      arrived.fetch_add(1, std::memory_order_relaxed);
      hocket::support::eventually([&] { return arrived.load(std::memory_order_relaxed) >= 2 * round; });
      for (int n = 0; n < 10; ++n) same = i;
    }
  };
  co_await asyncio::parallel_for(0, 2, write);
}

TEST(tsan_death_test, a_race_between_two_pieces_is_found) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  asyncio::RunOptions o;
  o.workers = 2;
  EXPECT_DEATH(asyncio::run(two_pieces_write_the_same(), o), "data race");
}
#endif

}  // namespace
