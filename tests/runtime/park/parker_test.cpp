// The parker with real threads and the real futex.
#include <hocket/rt/park/parker.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include <hocket/rt/base/fd.hpp>

namespace hocket::rt {
namespace {

TEST(parker, a_token_left_before_ends_the_next_sleep_at_once) {
  parker bed;
  EXPECT_EQ(bed.unpark(), token_calls::nobody);
  EXPECT_EQ(bed.unpark(), token_calls::nobody) << "two tokens are one";
  EXPECT_TRUE(bed.park());
  EXPECT_FALSE(bed.park(steady_now() + nanos_per_ms)) << "the token was used up";
}

TEST(parker, sleeps_until_its_deadline) {
  parker bed;
  const nanos until = steady_now() + 5 * nanos_per_ms;
  EXPECT_FALSE(bed.park(until));
  EXPECT_GE(steady_now(), until);
}

TEST(parker, a_token_refuses_the_wait_in_the_reactor) {
  parker bed;
  (void)bed.unpark();
  EXPECT_FALSE(bed.begin_reactor_wait());
  EXPECT_TRUE(bed.begin_reactor_wait());
  EXPECT_FALSE(bed.end_reactor_wait()) << "nobody called";
}

TEST(parker, who_waits_in_the_reactor_is_called_once) {
  parker bed;
  ASSERT_TRUE(bed.begin_reactor_wait());
  EXPECT_FALSE(bed.is_called());
  EXPECT_EQ(bed.unpark(), token_calls::reactor) << "the caller wakes the reactor";
  EXPECT_EQ(bed.unpark(), token_calls::nobody) << "it was woken already";
  EXPECT_TRUE(bed.is_called());
  EXPECT_TRUE(bed.end_reactor_wait());
  EXPECT_FALSE(bed.is_called());
  EXPECT_EQ(bed.unpark(), token_calls::nobody) << "awake again: only a token";
}

// Ping and pong through two parkers: each thread publishes plain data with its token.
TEST(parker, tokens_carry_what_was_written_before_them) {
  constexpr int rounds = 2'000;
  parker ping, pong;
  int ball = 0;
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      ping.park();
      ++ball;
      (void)pong.unpark();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    ++ball;
    (void)ping.unpark();
    pong.park();
    ASSERT_EQ(ball, 2 * (i + 1));
  }
  other.join();
}

// A third bed: an eventfd stands for the reactor.
TEST(parker, a_call_reaches_the_reactor) {
  constexpr int rounds = 500;
  parker bed;
  unique_fd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::atomic<int> called{0};
  std::thread caller([&] {
    for (int i = 0; i < rounds; ++i) {
      called.store(i + 1);
      if (bed.unpark() == token_calls::reactor) {
        const std::uint64_t one = 1;
        ASSERT_EQ(::write(bell.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
      }
      if (i % 8 == 0) std::this_thread::yield();
    }
  });
  while (called.load() < rounds) {
    if (bed.begin_reactor_wait()) {
      pollfd p{.fd = bell.get(), .events = POLLIN, .revents = 0};
      ASSERT_EQ(::poll(&p, 1, 10'000), 1) << "a call was lost";
      std::uint64_t count = 0;
      (void)!::read(bell.get(), &count, sizeof count);
      bed.end_reactor_wait();
    }
  }
  caller.join();
}

}  // namespace
}  // namespace hocket::rt
