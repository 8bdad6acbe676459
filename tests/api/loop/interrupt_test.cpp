// Ctrl-C, as asyncio.Runner treats it: the main task is cancelled, run throws KeyboardInterrupt, a script exits with
// 130.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <hocket/hocket.hpp>

namespace asyncio = hocket;
using asyncio::Coro;

namespace {

Coro<> interrupt_oneself() {
  ::kill(::getpid(), SIGINT);
  auto r = co_await asyncio::as_result(asyncio::sleep(1000));
  if (r.cancelled()) std::fputs("cleaned up\n", stderr);
  r.rethrow();
}

Coro<> swallow_the_interrupt() {
  ::kill(::getpid(), SIGINT);
  auto r = co_await asyncio::as_result(asyncio::sleep(1000));
  std::fputs(r.cancelled() ? "swallowed\n" : "not seen\n", stderr);
}

Coro<> interrupt_twice() {
  ::kill(::getpid(), SIGINT);
  auto r = co_await asyncio::as_result(asyncio::sleep(1000));
  (void)r;
  ::kill(::getpid(), SIGINT);
  co_await asyncio::sleep(1000);
}

class interrupt : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(interrupt, cancels_the_main_task_and_ends_the_script_with_130) {
  EXPECT_EXIT(::_exit(asyncio::script(interrupt_oneself)), testing::ExitedWithCode(130),
              "cleaned up\nKeyboardInterrupt\n");
}

TEST_F(interrupt, that_is_swallowed_lets_the_script_end_normally) {
  EXPECT_EXIT(::_exit(asyncio::script(swallow_the_interrupt)), testing::ExitedWithCode(0), "swallowed\n");
}

TEST_F(interrupt, that_comes_twice_ends_the_process) {
  EXPECT_EXIT(::_exit(asyncio::script(interrupt_twice)), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
