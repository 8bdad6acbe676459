// A thread on call, with the real futex.
#include <hocket/rt/park/on_call.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace hocket::rt {
namespace {

const auto never_stops = [] { return false; };

TEST(on_call, does_not_rest_while_it_is_needed) {
  on_call duty;
  duty.need();
  EXPECT_TRUE(duty.is_needed());
  duty.rest(never_stops);  // returns at once
  duty.need();
  duty.release();
  EXPECT_EQ(duty.needs(), 1u);
  duty.rest(never_stops);
  duty.release();
  EXPECT_FALSE(duty.is_needed());
}

TEST(on_call, a_ring_is_for_one_at_rest_and_counts_once) {
  on_call duty;
  duty.ring_if_at_rest();
  EXPECT_FALSE(duty.take_ring()) << "it was up";
  std::thread sleeper([&] {
    duty.rest(never_stops);
    EXPECT_TRUE(duty.take_ring());
    EXPECT_FALSE(duty.take_ring());
  });
  while (!duty.is_at_rest()) std::this_thread::yield();
  duty.ring_if_at_rest();
  sleeper.join();
}

TEST(on_call, a_need_gets_it_up_however_it_falls_together_with_its_rest) {
  constexpr int rounds = 2'000;
  on_call duty;
  std::atomic<int> asked{0}, answered{0};
  std::atomic<bool> stop{false};
  std::thread sleeper([&] {
    while (!stop.load()) {
      if (duty.is_needed()) {
        answered.store(asked.load());
      } else {
        duty.rest([&] { return stop.load(); });
      }
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    asked.store(i);
    duty.need();
    while (answered.load() < i) std::this_thread::yield();
    duty.release();
  }
  stop.store(true);
  duty.rouse();
  sleeper.join();
}

}  // namespace
}  // namespace hocket::rt
