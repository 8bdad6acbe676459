// The tests' own instruments: a check that never fails proves nothing.
#include <fcntl.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "support/support.hpp"

namespace hocket::support {
namespace {

// Ends one check and begins the next, so that the test's own check finds a clean slate.
void check_leftovers_now() {
  end_leftover_check();
  begin_leftover_check();
}

TEST(leftovers, a_clean_test_passes) { check_leftovers_now(); }

TEST(leftovers, an_open_descriptor_fails_the_test) {
  static int fd;
  fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_NONFATAL_FAILURE(check_leftovers_now(), "descriptors left open");
  ::close(fd);
}

TEST(leftovers, a_running_thread_fails_the_test) {
  static std::atomic<bool> stop{false};
  std::thread t([] {
    while (!stop.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_NONFATAL_FAILURE(check_leftovers_now(), "threads left running");
  stop.store(true);
  t.join();
}

TEST(leftovers, a_thread_that_is_about_to_end_is_waited_for) {
  std::thread([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }).detach();
}

TEST(leftovers, may_be_allowed) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const allow_leftovers allow(leftover::descriptors, "this is the test of the allowance");
  check_leftovers_now();
  ::close(fd);
}

using deadline_death_test = ::testing::Test;

TEST(deadline_death_test, dumps_and_aborts) {
  EXPECT_DEATH(
      {
        set_dump_function([](std::FILE* out) { std::fputs("the dump\n", out); });
        begin_deadline("suite", "test");
        extend_deadline(0.01);
        ::pause();
      },
      "hocket: tests: suite.test did not end within its deadline of [0-9.]+ s\nthe dump\n");
}

TEST(deadline_death_test, a_test_that_ends_in_time_lives) {
  EXPECT_EXIT(
      {
        begin_deadline("suite", "test");
        extend_deadline(0.02);
        end_deadline();
        ::usleep(200'000);
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(test_workers, holds_at_least_one_count) {
  ASSERT_FALSE(test_workers().empty());
  for (const unsigned n : test_workers()) EXPECT_GE(n, 1u);
}

}  // namespace
}  // namespace hocket::support
