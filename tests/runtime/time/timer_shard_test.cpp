#include <gtest/gtest.h>
#include <hocket/rt/base/random.hpp>
#include <hocket/rt/time/timer_shard.hpp>

#include <array>
#include <atomic>
#include <deque>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

struct alarm final : timer {
  void run() noexcept override { fired.fetch_add(1); }
  std::atomic<int> fired{0};
};

TEST(timer_shard, says_whether_the_earliest_changed) {
  timer_shard shard;
  alarm a, b, c, d;
  EXPECT_EQ(shard.earliest(), never);
  EXPECT_TRUE(shard.arm(a, 100));
  EXPECT_EQ(shard.earliest(), 100);
  EXPECT_FALSE(shard.arm(b, 200));
  EXPECT_FALSE(shard.arm(c, 100));  // as early, but no earlier
  EXPECT_TRUE(shard.arm(d, 99));
  EXPECT_EQ(shard.earliest(), 99);
  EXPECT_EQ(shard.size(), 4u);
  for (alarm* t : {&a, &b, &c, &d}) EXPECT_TRUE(shard.cancel(*t));
  EXPECT_EQ(shard.earliest(), never);
}

TEST(timer_shard, cancelling_moves_the_earliest) {
  timer_shard shard;
  alarm a, b;
  shard.arm(a, 1);
  shard.arm(b, 2);
  EXPECT_TRUE(shard.cancel(a));
  EXPECT_FALSE(shard.cancel(a));
  EXPECT_EQ(shard.earliest(), 2);
  EXPECT_TRUE(shard.cancel(b));
}

TEST(timer_shard, a_timer_for_never_waits_for_the_end_of_time) {
  timer_shard shard;
  alarm a;
  EXPECT_TRUE(shard.arm(a, never));
  EXPECT_EQ(shard.earliest(), end_of_time);
  EXPECT_TRUE(shard.cancel(a));
}

TEST(timer_shard, pops_what_is_due_in_batches_and_in_order) {
  timer_shard shard;
  std::deque<alarm> alarms(10);
  for (auto& t : alarms) shard.arm(t, 5);
  std::array<timer*, 4> out{};
  std::size_t next = 0;
  for (const std::size_t expected : {4u, 4u, 2u, 0u}) {
    const auto n = shard.pop_due(5, out);
    ASSERT_EQ(n, expected);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], &alarms[next++]);
  }
  EXPECT_EQ(shard.earliest(), never);
}

TEST(timer_shard, pops_nothing_before_its_time) {
  timer_shard shard;
  alarm a;
  shard.arm(a, 5);
  std::array<timer*, 4> out{};
  EXPECT_EQ(shard.pop_due(4, out), 0u);
  EXPECT_EQ(shard.earliest(), 5);
  EXPECT_EQ(shard.pop_due(5, out), 1u);
}

// A timer is armed by its owner, popped by two poppers, and cancelled by its owner: exactly one of them gets it.
TEST(timer_shard, a_timer_goes_to_exactly_one_party) {
  constexpr unsigned owners = 2, poppers = 2;
  const auto rounds = support::repetitions(50'000);
  timer_shard shard;
  std::atomic<nanos> now{0};
  std::atomic<unsigned> owning{owners};
  std::atomic<std::uint64_t> fired{0}, cancelled{0};
  const auto seed = support::test_seed();
  support::run_together(owners + poppers, [&](unsigned self) {
    if (self < owners) {
      random_source chance(seed + self);
      alarm mine;
      for (std::uint64_t i = 0; i < rounds; ++i) {
        const int before = mine.fired.load();
        shard.arm(mine, now.fetch_add(1) + chance.below(3));
        if (shard.cancel(mine)) {
          cancelled.fetch_add(1);
          ASSERT_EQ(mine.fired.load(), before);
        } else {
          while (mine.fired.load() == before) std::this_thread::yield();
          ASSERT_EQ(mine.fired.load(), before + 1);
        }
      }
      owning.fetch_sub(1);
    } else {
      std::array<timer*, 8> out{};
      while (owning.load() > 0) {
        const auto n = shard.pop_due(now.load(), out);
        for (std::size_t i = 0; i < n; ++i) out[i]->run();
        fired.fetch_add(n);
      }
    }
  });
  EXPECT_EQ(fired.load() + cancelled.load(), owners * rounds);
  EXPECT_EQ(shard.earliest(), never);
  EXPECT_EQ(shard.size(), 0u);
}

}  // namespace
}  // namespace hocket::rt
