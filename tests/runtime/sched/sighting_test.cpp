// What the watch takes for stuck, and what only waits for a processor. No thread and no clock: looks are made up.
#include <gtest/gtest.h>

#include <hocket/rt/sched/sighting.hpp>

namespace hocket::rt {
namespace {

constexpr nanos tick = nanos_per_ms;
constexpr nanos a_little = sighting::computing / 3;

bool wants_one() { return true; }
bool blocks() { return false; }

TEST(sighting, a_run_that_computed_since_the_last_look_is_stuck) {
  sighting seen;
  EXPECT_FALSE(seen.look(7, true, 0, wants_one));
  EXPECT_TRUE(seen.look(7, true, tick, wants_one));
  EXPECT_EQ(seen.times_stuck(), 1u);
  EXPECT_EQ(seen.computed(), tick);
}

TEST(sighting, an_eighth_of_a_processor_is_enough) {
  sighting seen;
  seen.look(7, true, 0, wants_one);
  EXPECT_TRUE(seen.look(7, true, tick / 8, wants_one));
}

TEST(sighting, a_thread_that_waits_for_a_processor_is_not_stuck_however_long) {
  sighting seen;
  for (int looks = 0; looks < 1000; ++looks) ASSERT_FALSE(seen.look(7, true, 500, wants_one));
  EXPECT_EQ(seen.times_stuck(), 0u);
}

TEST(sighting, what_a_run_computes_between_waits_adds_up) {
  sighting seen;
  seen.look(7, true, 0, wants_one);
  EXPECT_FALSE(seen.look(7, true, a_little, wants_one));
  EXPECT_FALSE(seen.look(7, true, a_little * 2, wants_one));
  EXPECT_TRUE(seen.look(7, true, a_little * 4, wants_one));
  EXPECT_TRUE(seen.look(7, true, a_little * 4, wants_one));  // once known it stays known
  EXPECT_EQ(seen.times_stuck(), 2u);
}

TEST(sighting, a_run_that_blocks_in_a_call_is_stuck) {
  sighting seen;
  seen.look(7, true, 0, blocks);
  EXPECT_TRUE(seen.look(7, true, 0, blocks));
  EXPECT_TRUE(seen.look(7, true, 0, blocks));
  EXPECT_EQ(seen.times_stuck(), 2u);
  EXPECT_EQ(seen.computed(), 0);
}

TEST(sighting, another_run_begins_anew) {
  sighting seen;
  seen.look(7, true, 0, wants_one);
  EXPECT_TRUE(seen.look(7, true, tick, wants_one));
  EXPECT_FALSE(seen.look(8, true, 2 * tick, wants_one));
  EXPECT_EQ(seen.times_stuck(), 0u);
  EXPECT_FALSE(seen.look(8, true, 2 * tick + a_little, wants_one));
  EXPECT_FALSE(seen.look(8, false, 3 * tick, wants_one));
}

TEST(sighting, what_a_thread_computed_before_the_run_does_not_count) {
  sighting seen;
  EXPECT_FALSE(seen.look(7, false, 0, wants_one));  // the run is counted, and has not begun
  EXPECT_FALSE(seen.look(7, true, 50 * tick, wants_one));
  EXPECT_FALSE(seen.look(7, true, 50 * tick + a_little, wants_one));
}

TEST(sighting, many_short_runs_are_never_stuck) {
  sighting seen;
  for (std::uint64_t runs = 0; runs < 1000; ++runs) {
    ASSERT_FALSE(seen.look(runs, true, static_cast<nanos>(runs) * tick, [] {
      ADD_FAILURE() << "asked for nothing";
      return false;
    }));
  }
}

}  // namespace
}  // namespace hocket::rt
