// The injection queue with real threads: nothing is lost, each producer's order is kept.
#include <hocket/rt/queue/injection_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

#include "support/load.hpp"

namespace hocket::rt {
namespace {

struct job : runnable {
  void run() noexcept override {}
  unsigned producer = 0;
  int number = 0;
};

TEST(injection_queue, is_first_in_first_out) {
  injection_queue<> queue;
  job jobs[5];
  EXPECT_TRUE(queue.looks_empty());
  EXPECT_EQ(queue.pop(), nullptr);
  queue.push(jobs[0]);
  runnable_list rest;
  for (int i = 1; i < 4; ++i) rest.push_back(jobs[i]);
  queue.push_all(std::move(rest));
  EXPECT_EQ(queue.pop(), &jobs[0]);
  EXPECT_EQ(queue.size_hint(), 3u);
  queue.push(jobs[4]);
  for (int i = 1; i < 5; ++i) {
    EXPECT_FALSE(queue.looks_empty());
    EXPECT_EQ(queue.pop(), &jobs[i]);
  }
  EXPECT_TRUE(queue.looks_empty());
  EXPECT_EQ(queue.size_hint(), 0u);
}

TEST(injection_queue, pushing_an_empty_list_changes_nothing) {
  injection_queue<> queue;
  queue.push_all(runnable_list());
  EXPECT_TRUE(queue.looks_empty());
}

TEST(injection_queue, every_item_is_popped_once_in_its_producers_order) {
  constexpr unsigned producers = 2, consumers = 2;
  constexpr int each = 10'000, chain = 4;
  injection_queue<> queue;
  auto jobs = std::make_unique<job[]>(producers * each);
  std::atomic<unsigned> popped{0};
  support::run_together(producers + consumers, [&](unsigned who) {
    if (who < producers) {
      runnable_list some;
      for (int n = 0; n < each; ++n) {
        job& j = jobs[who * each + static_cast<unsigned>(n)];
        j.producer = who;
        j.number = n;
        if (who == 0) {
          queue.push(j);
        } else {
          some.push_back(j);
          if (some.size() == chain) queue.push_all(std::exchange(some, runnable_list()));
        }
      }
    } else {
      int last[producers] = {-1, -1};
      while (popped.load() < producers * each) {
        auto* j = static_cast<job*>(queue.pop());
        if (!j) continue;
        ASSERT_GT(j->number, last[j->producer]);
        last[j->producer] = j->number;
        popped.fetch_add(1);
      }
    }
  });
  EXPECT_EQ(popped.load(), producers * each);
  EXPECT_TRUE(queue.looks_empty());
}

}  // namespace
}  // namespace hocket::rt
