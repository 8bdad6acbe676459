#include <gtest/gtest.h>
#include <hocket/rt/sched/watch_pace.hpp>

namespace hocket::rt {
namespace {

TEST(watch_pace, slows_down_while_it_finds_no_hog) {
  watch_pace pace;
  for (unsigned i = 0; i < watch_pace::trust; ++i) {
    EXPECT_EQ(watch_pace::tick, pace.to_next_look());
    pace.note(false);
  }
  for (unsigned i = watch_pace::trust; i < watch_pace::long_trust; ++i) {
    EXPECT_EQ(2 * watch_pace::tick, pace.to_next_look());
    pace.note(false);
  }
  EXPECT_EQ(4 * watch_pace::tick, pace.to_next_look());
}

TEST(watch_pace, is_the_fast_one_again_at_the_first_hog) {
  watch_pace pace;
  for (unsigned i = 0; i < 2 * watch_pace::long_trust; ++i) pace.note(false);
  pace.note(true);
  EXPECT_EQ(watch_pace::tick, pace.to_next_look());
  for (unsigned i = 1; i < watch_pace::trust; ++i) pace.note(false);
  EXPECT_EQ(watch_pace::tick, pace.to_next_look());
}

}  // namespace
}  // namespace hocket::rt
