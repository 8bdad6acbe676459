// The next slot with real threads: one item, one taker.
#include <hocket/rt/queue/next_slot.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "support/load.hpp"

namespace hocket::rt {
namespace {

struct job : runnable {
  void run() noexcept override {}
  int value = 0;  // plain: the slot must publish it
};

TEST(next_slot, gives_back_what_it_displaces) {
  next_slot<> slot;
  job a, b;
  EXPECT_TRUE(slot.looks_empty());
  EXPECT_EQ(slot.owner().put(a), nullptr);
  EXPECT_EQ(slot.owner().put(b), &a);
  EXPECT_EQ(slot.owner().take(), &b);
  EXPECT_EQ(slot.owner().take(), nullptr);
  EXPECT_EQ(slot.owner().put(a), nullptr);
  EXPECT_EQ(slot.thief().steal(), &a);
  EXPECT_EQ(slot.thief().steal(), nullptr);
}

TEST(next_slot, each_item_goes_to_exactly_one_thread) {
  constexpr int count = 20'000;
  next_slot<> slot;
  auto jobs = std::make_unique<job[]>(count);
  std::atomic<long> sum{0};
  std::atomic<bool> done{false};
  const auto take = [&](runnable* r) {
    if (r) sum.fetch_add(static_cast<job*>(r)->value, std::memory_order_relaxed);
  };
  support::run_together(3, [&](unsigned who) {
    if (who == 0) {
      for (int i = 0; i < count; ++i) {
        jobs[i].value = i;
        take(slot.owner().put(jobs[i]));
        if (i % 3 == 0) take(slot.owner().take());
      }
      take(slot.owner().take());
      done.store(true);
    } else {
      while (!done.load()) take(slot.thief().steal());
    }
  });
  EXPECT_EQ(sum.load(), static_cast<long>(count) * (count - 1) / 2);
}

}  // namespace
}  // namespace hocket::rt
