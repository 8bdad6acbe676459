#include <gtest/gtest.h>
#include <hocket/rt/base/clock.hpp>

#include <limits>

namespace hocket::rt {
namespace {

TEST(saturating_add, adds_where_the_sum_fits) {
  EXPECT_EQ(saturating_add(0, 0), 0);
  EXPECT_EQ(saturating_add(5, 7), 12);
  EXPECT_EQ(saturating_add(5, -7), -2);
  EXPECT_EQ(saturating_add(never - 1, 1), never);
  EXPECT_EQ(saturating_add(never - 2, 1), never - 1);
}

TEST(saturating_add, holds_at_never) {
  EXPECT_EQ(saturating_add(1, never), never);
  EXPECT_EQ(saturating_add(0, never), never);
  EXPECT_EQ(saturating_add(never, 1), never);
  EXPECT_EQ(saturating_add(never, never), never);
  EXPECT_EQ(saturating_add(steady_now(), never), never);
}

TEST(saturating_add, is_usable_at_compile_time) {
  static_assert(saturating_add(never, never) == never);
  static_assert(saturating_add(1, 2) == 3);
}

TEST(steady_now, never_goes_back) {
  nanos last = steady_now();
  for (int i = 0; i < 10'000; ++i) {
    const nanos now = steady_now();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace hocket::rt
