// The ready queue with real threads: bounded, in order, every item to exactly one of them.
#include <hocket/rt/queue/ready_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "support/load.hpp"

namespace hocket::rt {
namespace {

struct item {
  int number = 0;  // written plainly before the push: the queue must publish it
  std::atomic<int> taken{0};
};

TEST(ready_queue, is_first_in_first_out_for_owner_and_thieves) {
  ready_queue<item> queue;
  item items[4];
  for (auto& it : items) EXPECT_TRUE(queue.owner().push(it));
  EXPECT_EQ(queue.size_hint(), 4u);
  EXPECT_EQ(queue.owner().pop(), &items[0]);
  EXPECT_EQ(queue.thief().steal().item, &items[1]);
  EXPECT_EQ(queue.owner().pop(), &items[2]);
  EXPECT_EQ(queue.thief().steal().item, &items[3]);
  EXPECT_EQ(queue.owner().pop(), nullptr);
  EXPECT_EQ(queue.thief().steal().outcome, stole::empty);
  EXPECT_TRUE(queue.looks_empty());
}

TEST(ready_queue, refuses_what_it_has_no_room_for) {
  using small = ready_queue<item, std_atomics, 2>;
  small queue;
  item items[small::capacity + 1];
  for (std::size_t i = 0; i < small::capacity; ++i) EXPECT_TRUE(queue.owner().push(items[i]));
  EXPECT_FALSE(queue.owner().push(items[small::capacity]));
  EXPECT_EQ(queue.size_hint(), small::capacity);
  EXPECT_EQ(queue.thief().steal().item, &items[0]);
  EXPECT_TRUE(queue.owner().push(items[small::capacity]));
  for (std::size_t i = 1; i <= small::capacity; ++i) EXPECT_EQ(queue.owner().pop(), &items[i]);
}

TEST(ready_queue, items_are_taken_once_and_in_order_by_each_thread) {
  constexpr int count = 20'000, thieves = 2;
  ready_queue<item, std_atomics, 2> queue;
  auto items = std::make_unique<item[]>(count);
  std::atomic<int> taken{0};
  support::run_together(1 + thieves, [&](unsigned who) {
    int last = -1;
    const auto take = [&](item* it) {
      ASSERT_EQ(it->taken.fetch_add(1), 0);
      ASSERT_GT(it->number, last);
      last = it->number;
      taken.fetch_add(1);
    };
    if (who == 0) {
      for (int n = 0; n < count; ++n) {
        items[static_cast<std::size_t>(n)].number = n;
        while (!queue.owner().push(items[static_cast<std::size_t>(n)])) {
          if (item* it = queue.owner().pop()) take(it);
        }
      }
      while (item* it = queue.owner().pop()) take(it);
    } else {
      while (taken.load() < count) {
        if (const auto r = queue.thief().steal()) take(r.item);
      }
    }
  });
  EXPECT_EQ(taken.load(), count);
}

}  // namespace
}  // namespace hocket::rt
