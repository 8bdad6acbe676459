// The fork deque with real threads: every item goes to exactly one of them.
#include <hocket/rt/queue/fork_deque.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "support/load.hpp"

namespace hocket::rt {
namespace {

struct item {
  int value = 0;  // written by the owner before the push, plainly: the deque must publish it
  std::atomic<int> taken{0};
};

TEST(fork_deque, is_a_stack_for_the_owner_and_a_queue_for_thieves) {
  fork_deque<item> deque;
  item items[4];
  for (auto& it : items) deque.owner().push(it);
  EXPECT_EQ(deque.size_hint(), 4u);
  EXPECT_EQ(deque.thief().steal().item, &items[0]);
  EXPECT_EQ(deque.owner().pop(), &items[3]);
  EXPECT_EQ(deque.thief().steal().item, &items[1]);
  EXPECT_EQ(deque.owner().pop(), &items[2]);
  EXPECT_EQ(deque.owner().pop(), nullptr);
  EXPECT_EQ(deque.thief().steal().outcome, stole::empty);
  EXPECT_TRUE(deque.looks_empty());
}

TEST(fork_deque, grows_and_keeps_the_order) {
  fork_deque<item, std_atomics, 1> deque;
  std::vector<item> items(1000);
  for (auto& it : items) deque.owner().push_visible(it);
  EXPECT_EQ(deque.size_hint(), items.size());
  for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(deque.thief().steal().item, &items[i]);
  for (std::size_t i = 1000; i-- > 500;) ASSERT_EQ(deque.owner().pop(), &items[i]);
  EXPECT_TRUE(deque.looks_empty());
}

TEST(fork_deque, popping_from_an_empty_deque_leaves_it_usable) {
  fork_deque<item> deque;
  item it;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(deque.owner().pop(), nullptr);
    deque.owner().push(it);
    EXPECT_EQ(deque.owner().pop(), &it);
  }
}

// The owner pushes and pops in turn, so that thieves meet it at the last item again and again, and rings are outgrown.
TEST(fork_deque, items_are_taken_once_while_thieves_race_the_owner) {
  constexpr int rounds = 4000, burst = 5, thieves = 2;
  fork_deque<item, std_atomics, 1> deque;
  auto items = std::make_unique<item[]>(rounds * burst);
  std::atomic<bool> done{false};
  std::atomic<long> sum{0};
  const auto take = [&](item* it) {
    ASSERT_EQ(it->taken.fetch_add(1), 0);
    sum.fetch_add(it->value, std::memory_order_relaxed);
  };
  support::run_together(1 + thieves, [&](unsigned who) {
    if (who == 0) {
      for (int r = 0; r < rounds; ++r) {
        for (int i = 0; i < burst; ++i) {
          item& it = items[static_cast<std::size_t>(r * burst + i)];
          it.value = 1;
          deque.owner().push(it);
        }
        for (int i = 0; i < burst - 1; ++i) {
          if (item* it = deque.owner().pop()) take(it);
        }
      }
      while (item* it = deque.owner().pop()) take(it);
      done.store(true);
    } else {
      while (!done.load()) {
        if (const auto r = deque.thief().steal()) take(r.item);
      }
    }
  });
  EXPECT_EQ(sum.load(), rounds * burst);
  EXPECT_TRUE(deque.looks_empty());
}

}  // namespace
}  // namespace hocket::rt
