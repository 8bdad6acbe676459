#include <gtest/gtest.h>
#include <hocket/rt/base/random.hpp>
#include <hocket/rt/time/timer_heap.hpp>

#include <deque>
#include <map>
#include <vector>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

struct alarm final : timer {
  void run() noexcept override { ++fired; }
  void arm_in(timer_heap& heap, nanos when) { heap.arm(*this, deadline = when); }
  int fired = 0;
  nanos deadline = 0;
};

TEST(timer_heap, begins_empty) {
  timer_heap heap;
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.size(), 0u);
  EXPECT_EQ(heap.earliest(), never);
  EXPECT_EQ(heap.pop_due(never), nullptr);
}

TEST(timer_heap, a_timer_is_due_at_its_deadline_and_not_before) {
  timer_heap heap;
  alarm a;
  heap.arm(a, 100);
  EXPECT_TRUE(a.is_armed());
  EXPECT_EQ(heap.earliest(), 100);
  EXPECT_EQ(heap.pop_due(99), nullptr);
  EXPECT_EQ(heap.pop_due(100), &a);
  EXPECT_FALSE(a.is_armed());
  EXPECT_TRUE(heap.empty());
}

TEST(timer_heap, popping_does_not_fire) {
  timer_heap heap;
  alarm a;
  heap.arm(a, 1);
  timer* due = heap.pop_due(1);
  EXPECT_EQ(a.fired, 0);
  due->run();
  EXPECT_EQ(a.fired, 1);
}

TEST(timer_heap, takes_deadlines_at_the_ends_of_time) {
  timer_heap heap;
  alarm first, past, now, last;
  heap.arm(last, never);
  heap.arm(now, 0);
  heap.arm(past, -1);
  heap.arm(first, std::numeric_limits<nanos>::min());
  EXPECT_EQ(heap.pop_due(0), &first);
  EXPECT_EQ(heap.pop_due(0), &past);
  EXPECT_EQ(heap.pop_due(0), &now);
  EXPECT_EQ(heap.pop_due(never - 1), nullptr);
  EXPECT_EQ(heap.pop_due(never), &last);
}

TEST(timer_heap, equal_deadlines_come_out_in_the_order_of_arming) {
  constexpr int count = 1000;
  timer_heap heap;
  std::deque<alarm> alarms(count);
  for (auto& a : alarms) heap.arm(a, 5);
  for (auto& a : alarms) ASSERT_EQ(heap.pop_due(5), &a);
}

TEST(timer_heap, arming_again_counts_as_later) {
  timer_heap heap;
  alarm a, b;
  heap.arm(a, 5);
  heap.arm(b, 5);
  EXPECT_TRUE(heap.cancel(a));
  heap.arm(a, 5);
  EXPECT_EQ(heap.pop_due(5), &b);
  EXPECT_EQ(heap.pop_due(5), &a);
}

TEST(timer_heap, a_timer_is_taken_out_once) {
  timer_heap heap;
  alarm a;
  EXPECT_FALSE(heap.cancel(a));
  heap.arm(a, 1);
  EXPECT_TRUE(heap.cancel(a));
  EXPECT_FALSE(heap.cancel(a));
  EXPECT_EQ(heap.pop_due(never), nullptr);
  heap.arm(a, 1);
  EXPECT_EQ(heap.pop_due(1), &a);
  EXPECT_FALSE(heap.cancel(a));
}

TEST(timer_heap, any_place_may_be_cancelled) {
  // Every size and every place of small heaps: the entry that fills the hole may have to rise as well as sink.
  for (int size = 1; size <= 40; ++size) {
    for (int place = 0; place < size; ++place) {
      timer_heap heap;
      std::deque<alarm> alarms(static_cast<std::size_t>(size));
      for (int i = 0; i < size; ++i) alarms[static_cast<std::size_t>(i)].arm_in(heap, (i * 7) % size);
      ASSERT_TRUE(heap.cancel(alarms[static_cast<std::size_t>(place)]));
      nanos last = -1;
      int popped = 0;
      while (timer* t = heap.pop_due(never)) {
        const nanos deadline = static_cast<alarm*>(t)->deadline;
        ASSERT_GE(deadline, last);
        last = deadline;
        ++popped;
      }
      ASSERT_EQ(popped, size - 1);
    }
  }
}

// std::multimap keeps equal keys in the order of insertion: exactly the promised order.
TEST(timer_heap, does_what_a_multimap_does) {
  random_source chance(support::test_seed());
  const auto steps = support::repetitions(300'000);
  constexpr std::uint32_t count = 200;
  std::deque<alarm> alarms(count);
  timer_heap heap;
  std::multimap<nanos, alarm*> model;
  std::map<alarm*, std::multimap<nanos, alarm*>::iterator> where;
  nanos now = 0;

  const auto expect_pop = [&](timer* popped) {
    if (model.empty() || model.begin()->first > now) {
      ASSERT_EQ(popped, nullptr);
      return;
    }
    ASSERT_EQ(popped, model.begin()->second);
    where.erase(model.begin()->second);
    model.erase(model.begin());
  };

  for (std::uint64_t i = 0; i < steps; ++i) {
    alarm& one = alarms[chance.below(count)];
    switch (chance.below(4)) {
      case 0:
      case 1:
        if (!one.is_armed()) {
          const nanos deadline = now + chance.below(chance.below(2) ? 4 : 1000);  // often equal
          heap.arm(one, deadline);
          where[&one] = model.emplace(deadline, &one);
          break;
        }
        [[fallthrough]];
      case 2: {
        const auto known = where.find(&one);
        ASSERT_EQ(heap.cancel(one), known != where.end());
        if (known != where.end()) {
          model.erase(known->second);
          where.erase(known);
        }
        break;
      }
      default:
        now += chance.below(20);
        expect_pop(heap.pop_due(now));
    }
    ASSERT_EQ(heap.size(), model.size());
    ASSERT_EQ(heap.earliest(), model.empty() ? never : model.begin()->first);
  }
  now = never;
  while (!model.empty()) expect_pop(heap.pop_due(now));
  EXPECT_TRUE(heap.empty());
}

TEST(timer_heap, a_million_armed_and_cancelled_leave_nothing) {
  const auto rounds = support::repetitions(1'000'000);
  constexpr std::size_t alive = 1000;
  random_source chance(support::test_seed());
  std::deque<alarm> alarms(alive);
  timer_heap heap;
  std::uint64_t armed = 0, cancelled = 0, popped = 0;
  nanos now = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    alarm& one = alarms[i % alive];
    if (heap.cancel(one)) ++cancelled;
    heap.arm(one, now + chance.below(100'000));
    ++armed;
    if (i % 64 == 0) {
      now += 100;
      while (heap.pop_due(now)) ++popped;
    }
  }
  for (auto& a : alarms) cancelled += heap.cancel(a);
  EXPECT_EQ(armed, cancelled + popped);
  EXPECT_GT(popped, 0u);
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.earliest(), never);
}

TEST(timer_heap, a_million_at_once_come_out_in_order) {
  const auto count = support::repetitions(1'000'000);
  random_source chance(support::test_seed());
  std::deque<alarm> alarms(count);
  timer_heap heap;
  for (auto& a : alarms) a.arm_in(heap, static_cast<nanos>(chance.next() >> 1));
  nanos last = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    timer* t = heap.pop_due(never);
    ASSERT_NE(t, nullptr);
    const nanos deadline = static_cast<alarm*>(t)->deadline;
    ASSERT_GE(deadline, last);
    last = deadline;
  }
  EXPECT_EQ(heap.pop_due(never), nullptr);
}

}  // namespace
}  // namespace hocket::rt
