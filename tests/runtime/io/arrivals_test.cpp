#include <gtest/gtest.h>
#include <hocket/rt/io/arrivals.hpp>

namespace hocket::rt {
namespace {

constexpr unsigned enough = arrivals::samples_to_settle;

TEST(arrivals, settle_when_all_of_a_while_came_in_on_one_processor) {
  arrivals a;
  for (unsigned i = 1; i < enough; ++i) {
    a.note(3);
    EXPECT_EQ(-1, a.settled_on());
  }
  a.note(3);
  EXPECT_EQ(3, a.settled_on());
}

TEST(arrivals, that_come_in_everywhere_never_settle) {
  arrivals a;
  for (unsigned i = 0; i < 10 * enough; ++i) {
    a.note(i % enough == 0 ? 1 : 0);
    EXPECT_EQ(-1, a.settled_on());
  }
}

TEST(arrivals, of_which_nobody_knows_where_never_settle) {
  arrivals a;
  for (unsigned i = 0; i < 2 * enough; ++i) a.note(-1);
  EXPECT_EQ(-1, a.settled_on());
}

TEST(arrivals, are_looked_at_now_and_then) {
  arrivals a;
  unsigned due = 0;
  for (unsigned i = 0; i < 10 * arrivals::polls_per_sample; ++i) due += a.is_sample_due();
  EXPECT_EQ(10u, due);
}

TEST(arrivals, are_followed_once_for_each_settling) {
  arrivals a;
  for (unsigned i = 0; i < enough; ++i) a.note(0);
  a.follow();
  EXPECT_EQ(-1, a.settled_on());
}

}  // namespace
}  // namespace hocket::rt
