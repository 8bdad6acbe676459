// A strand's inbox with real threads: the strand runs once at a time, and reads everything.
#include <hocket/rt/queue/inbox.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "support/load.hpp"

namespace hocket::rt {
namespace {

struct letter : runnable {
  void run() noexcept override {}
  unsigned sender = 0;
  int number = 0;
};

TEST(inbox, the_first_push_schedules_the_strand_and_the_next_ones_do_not) {
  inbox<> box;
  letter a, b;
  EXPECT_TRUE(box.is_idle());
  EXPECT_TRUE(box.push(a));
  EXPECT_FALSE(box.push(b));
  EXPECT_FALSE(box.try_claim());
  auto came = box.drain();
  EXPECT_EQ(came.pop_front(), &a);
  EXPECT_EQ(came.pop_front(), &b);
  EXPECT_TRUE(came.empty());
  EXPECT_FALSE(box.is_idle()) << "drained, it is still the strand's turn";
  EXPECT_TRUE(box.drain().empty());
  EXPECT_TRUE(box.try_go_idle());
  EXPECT_TRUE(box.is_idle());
}

TEST(inbox, a_strand_with_letters_cannot_go_idle) {
  inbox<> box;
  letter a;
  EXPECT_TRUE(box.try_claim());
  EXPECT_FALSE(box.push(a));
  EXPECT_FALSE(box.try_go_idle());
  EXPECT_EQ(box.drain().size(), 1u);
  EXPECT_TRUE(box.try_go_idle());
}

// Whoever is told to schedule the strand runs it. What the strand keeps is plain data: the inbox must hand it on.
TEST(inbox, everything_is_read_in_order_by_one_run_at_a_time) {
  constexpr unsigned senders = 3;
  constexpr int each = 5'000;
  inbox<> box;
  auto letters = std::make_unique<letter[]>(senders * each);
  int last[senders] = {-1, -1, -1};
  unsigned read = 0;
  const auto run_strand = [&] {
    do {
      auto came = box.drain();
      while (auto* r = came.pop_front()) {
        auto& l = static_cast<letter&>(*r);
        ASSERT_GT(l.number, last[l.sender]);
        last[l.sender] = l.number;
        ++read;
      }
    } while (!box.try_go_idle());
  };
  support::run_together(senders, [&](unsigned who) {
    for (int n = 0; n < each; ++n) {
      letter& l = letters[who * each + static_cast<unsigned>(n)];
      l.sender = who;
      l.number = n;
      if (box.push(l)) run_strand();
      if (n % 16 == 0 && box.try_claim()) run_strand();
    }
  });
  EXPECT_EQ(read, senders * each);
  EXPECT_TRUE(box.is_idle());
}

}  // namespace
}  // namespace hocket::rt
