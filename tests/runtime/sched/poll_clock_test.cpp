#include <hocket/rt/sched/poll_clock.hpp>

#include <gtest/gtest.h>

#include <hocket/rt/base/clock.hpp>

using namespace hocket::rt;

namespace {

void compute(nanos time) {
  for (const nanos until = steady_now() + time; steady_now() < until;) {
  }
}

TEST(poll_clock, goes_by_count_where_there_is_no_interval) {
  poll_clock clock(0);
  for (int round = 0; round < 3; ++round) {
    for (unsigned i = 1; i < poll_clock::many_calls; ++i) ASSERT_FALSE(clock.is_due());
    EXPECT_TRUE(clock.is_due());
    EXPECT_EQ(clock.since_reading(), 0);
  }
}

TEST(poll_clock, is_due_when_the_interval_is_over) {
  poll_clock clock(nanos_per_ms);
  EXPECT_FALSE(clock.is_due());  // the interval begins
  compute(2 * nanos_per_ms);
  EXPECT_TRUE(clock.is_due());
  EXPECT_GE(clock.since_reading(), 2 * nanos_per_ms);
}

TEST(poll_clock, leaves_few_calls_out_and_finds_the_long_one) {
  poll_clock clock(nanos_per_ms);
  for (int i = 0; i < 1000; ++i) (void)clock.is_due();
  compute(2 * nanos_per_ms);
  int calls = 1;
  while (!clock.is_due()) ASSERT_LE(++calls, 8);
  EXPECT_GE(clock.since_reading(), 2 * nanos_per_ms);
  // From here on every call reads.
  for (int i = 0; i < 3; ++i) {
    compute(nanos_per_ms / 10);
    (void)clock.is_due();
    EXPECT_GE(clock.since_reading(), nanos_per_ms / 10);
  }
}

TEST(poll_clock, begins_anew_after_a_look) {
  poll_clock clock(nanos_per_ms);
  (void)clock.is_due();
  compute(2 * nanos_per_ms);
  clock.looked();
  EXPECT_FALSE(clock.is_due());
  EXPECT_EQ(clock.since_reading(), 0) << "what came before the look is not counted";
}

}  // namespace
