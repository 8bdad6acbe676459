#include <gtest/gtest.h>
#include <hocket/rt/sched/wake_lead.hpp>

namespace hocket::rt {
namespace {

constexpr nanos us = nanos_per_us;
constexpr nanos long_sleep = nanos_per_second;

nanos lead_of(const wake_lead& l) { return long_sleep - l.shorten(long_sleep); }

wake_lead after(wake_lead l, nanos late, int times = 1) {
  for (int i = 0; i < times; ++i) l.note(late);
  return l;
}

TEST(wake_lead, asks_for_all_of_it_before_it_knows_anything) { EXPECT_EQ(lead_of({}), 0); }

TEST(wake_lead, comes_to_a_lateness_that_is_always_the_same_and_never_beyond) {
  wake_lead l;
  for (int i = 0; i < 200; ++i) {
    l.note(70 * us);
    EXPECT_LE(lead_of(l), 70 * us);
  }
  EXPECT_GE(lead_of(l), 69 * us);
}

TEST(wake_lead, settles_below_most_of_a_lateness_that_varies) {
  wake_lead l;
  int sooner = 0;
  for (int i = 0; i < 5000; ++i) {
    const nanos late = (60 + i * 7919 % 41) * us;  // 60 to 100
    sooner += late < lead_of(l);
    l.note(late);
  }
  EXPECT_GE(lead_of(l), 55 * us);
  EXPECT_LE(sooner, 5000 / 5);
}

TEST(wake_lead, one_that_is_very_late_says_little) {
  const wake_lead known = after({}, 70 * us, 200);
  EXPECT_LE(lead_of(after(known, 5 * nanos_per_ms)), lead_of(known) + 8 * us);
}

TEST(wake_lead, some_that_come_soon_take_it_back_at_once) {
  const wake_lead known = after({}, 70 * us, 200);
  EXPECT_LE(lead_of(after(known, 5 * us)), 40 * us);
  EXPECT_LE(lead_of(after(known, 5 * us, 3)), 5 * us);
}

TEST(wake_lead, takes_no_more_than_an_eighth_of_a_sleep_and_has_an_end) {
  const wake_lead late = after({}, nanos_per_second, 1000);
  EXPECT_EQ(lead_of(late), wake_lead::most);
  EXPECT_EQ(late.shorten(80 * us), 70 * us);
  EXPECT_EQ(late.shorten(0), 0);
}

}  // namespace
}  // namespace hocket::rt
