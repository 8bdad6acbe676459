#include <gtest/gtest.h>
#include <hocket/rt/base/futex.hpp>

#include <mutex>
#include <thread>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

TEST(futex_wait, returns_at_once_when_the_word_differs) {
  std::atomic<std::uint32_t> word{1};
  EXPECT_TRUE(futex_wait(word, 0));
}

TEST(futex_wait, says_that_the_deadline_passed) {
  std::atomic<std::uint32_t> word{0};
  const nanos until = steady_now() + 5 * nanos_per_ms;
  bool in_time = true;
  while (in_time && steady_now() < until + nanos_per_second) in_time = futex_wait(word, 0, until);
  EXPECT_FALSE(in_time);
  EXPECT_GE(steady_now(), until);
}

TEST(futex_wait, a_deadline_in_the_past_does_not_wait) {
  std::atomic<std::uint32_t> word{0};
  EXPECT_FALSE(futex_wait(word, 0, steady_now() - 1));
  EXPECT_FALSE(futex_wait(word, 0, 0));
}

TEST(futex_wake, ends_a_wait) {
  std::atomic<std::uint32_t> word{0};
  std::thread sleeper([&] {
    while (word.load(acquire) == 0) futex_wait(word, 0);
  });
  word.store(1, release);
  futex_wake(word);
  sleeper.join();
}

TEST(futex_mutex, takes_four_bytes) { static_assert(sizeof(futex_mutex) == 4); }

TEST(futex_mutex, try_lock_fails_while_it_is_held) {
  futex_mutex mutex;
  ASSERT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(futex_mutex, admits_one_thread_at_a_time) {
  constexpr unsigned threads = 4;
  const auto rounds = support::repetitions(100'000);
  futex_mutex mutex;
  std::uint64_t plain = 0;  // guarded by mutex
  support::run_together(threads, [&](unsigned) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      const std::lock_guard lock(mutex);
      ++plain;
    }
  });
  EXPECT_EQ(plain, threads * rounds);
}

TEST(futex_mutex, wakes_those_who_sleep_for_it) {
  constexpr unsigned threads = 4;
  constexpr int rounds = 20;
  futex_mutex mutex;
  int plain = 0;  // guarded by mutex
  support::run_together(threads, [&](unsigned) {
    for (int i = 0; i < rounds; ++i) {
      const std::lock_guard lock(mutex);
      ++plain;
      std::this_thread::sleep_for(std::chrono::microseconds(200));  // longer than the spin, so that the others sleep
    }
  });
  EXPECT_EQ(plain, static_cast<int>(threads) * rounds);
}

}  // namespace
}  // namespace hocket::rt
