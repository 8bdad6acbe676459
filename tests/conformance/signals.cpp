// Signals by way of a loop: who handles which, Ctrl-C when a loop has let go of it, bursts.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "loops.hpp"

using namespace conformance;

namespace {

using action = void (*)(int);

action action_of(int signal) {
  struct sigaction now{};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

/// Runs the loop until `condition()` holds.
template <class F>
void run_until(const EventLoop& loop, F condition) {
  loop.run_until_complete([](F& holds) -> Coro<> {
    while (!holds()) co_await asyncio::sleep(0.001);
  }(condition));
}

class signals : public testing::Test {
 protected:
  // Whoever started this program may have had it ignored.
  void SetUp() override { ::signal(SIGINT, SIG_DFL); }
};

}  // namespace

// One that was installed before the run, which therefore did not install its own.
TEST_F(signals, a_run_has_ctrl_c_when_its_loop_lets_go_of_it) {
  with_loops([](const EventLoop& loop) {
    int calls = 0;
    // A parallel loop calls back before its run has begun, too: then it tries again.
    constexpr int most_calls = 100'000;
    std::function<void()> let_go = [&] {
      EXPECT_TRUE(loop.remove_signal_handler(SIGINT));
      if (action_of(SIGINT) == SIG_DFL) {
        if (++calls == most_calls) return loop.stop();
        loop.add_signal_handler(SIGINT, let_go);
      }
      ::kill(::getpid(), SIGINT);
    };
    loop.add_signal_handler(SIGINT, let_go);
    loop.call_soon([] { ::kill(::getpid(), SIGINT); });
    EXPECT_EQ(ending_of([&] { loop.run_forever(); }), "KeyboardInterrupt");
    EXPECT_LT(calls, most_calls);
    EXPECT_EQ(action_of(SIGINT), SIG_DFL);
  });
}

TEST_F(signals, ctrl_c_is_whose_it_should_be_after_runs_and_handlers_at_once) {
  const EventLoop other = asyncio::new_event_loop();  // keeps the pool, too
  std::atomic<bool> is_over{false};
  std::thread thread([&] {
    while (!is_over) {
      other.add_signal_handler(SIGINT, [] {});
      EXPECT_TRUE(other.remove_signal_handler(SIGINT));
    }
  });
  for (int i = 0; i < 300; ++i) asyncio::run([]() -> Coro<> { co_return; }());
  is_over = true;
  thread.join();
  EXPECT_EQ(action_of(SIGINT), SIG_DFL);
  EXPECT_EQ(ending_of([] {
              asyncio::run([]() -> Coro<> {
                ::kill(::getpid(), SIGINT);
                co_await asyncio::sleep(3600);
              }());
            }),
            "KeyboardInterrupt");
}

TEST_F(signals, the_loop_that_asked_last_handles_it) {
  Log log;
  const EventLoop a = asyncio::new_event_loop(), b = asyncio::new_event_loop();
  const auto goes_to = [&](const EventLoop& loop, std::string_view name) {
    const auto before = log.entries().size();
    ::raise(SIGUSR1);
    run_until(loop, [&] { return log.entries().size() > before; });
    EXPECT_EQ(log.entries().back(), name);
  };
  a.add_signal_handler(SIGUSR1, [&] { log("a"); });
  goes_to(a, "a");
  b.add_signal_handler(SIGUSR1, [&] { log("b"); });
  goes_to(b, "b");
  EXPECT_FALSE(a.remove_signal_handler(SIGUSR1));  // b's now
  goes_to(b, "b");
  a.add_signal_handler(SIGUSR1, [&] { log("a again"); });
  a.add_signal_handler(SIGUSR1, [&] { log("a instead"); });
  goes_to(a, "a instead");
  b.close();
  goes_to(a, "a instead");
  EXPECT_EQ(log.entries().size(), 5u);
  EXPECT_TRUE(a.remove_signal_handler(SIGUSR1));
  EXPECT_EQ(action_of(SIGUSR1), SIG_DFL);
  a.close();
}

TEST_F(signals, one_that_comes_after_a_flood_of_another_is_handled) {
  constexpr int more_than_a_pipe_takes = 70'000;
  const EventLoop loop = asyncio::new_event_loop();
  int floods = 0, others = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++floods; });
  loop.add_signal_handler(SIGUSR2, [&] { ++others; });
  for (int i = 0; i < more_than_a_pipe_takes; ++i) ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  run_until(loop, [&] { return others > 0; });
  EXPECT_GT(floods, 1000);
  EXPECT_LE(floods, more_than_a_pipe_takes);
  ::raise(SIGUSR2);
  run_until(loop, [&] { return others > 1; });
  EXPECT_EQ(others, 2);
  loop.close();
}
