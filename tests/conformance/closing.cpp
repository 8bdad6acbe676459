// The end of a loop: closed within another one, by its own code, while others register; what outlives it.
#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "loops.hpp"
#include "support/eventually.hpp"

using namespace conformance;
using hocket::support::eventually;

namespace {

using token = std::shared_ptr<int>;

Coro<> wait_long([[maybe_unused]] token held) { co_await asyncio::sleep(3600); }

Coro<> wait_for_its_cancel() {
  try {
    co_await asyncio::sleep(3600);
  } catch (const CancelledError&) {
  }
}

}  // namespace

TEST(closing, within_another_loop_is_refused_while_tasks_are_left) {
  EventLoop other = asyncio::new_event_loop({.virtual_clock = true});
  auto task = other.create_task(wait_long(nullptr));
  asyncio::run([](const EventLoop& loop) -> Coro<> {
    EXPECT_EQ(ending_of([&] { loop.close(); }),
              "RuntimeError: Cannot run the event loop while another loop is running");
    EXPECT_FALSE(loop.is_closed());
    co_return;
  }(other));
  EXPECT_FALSE(task.done());
  other.close();
  EXPECT_TRUE(task.cancelled());
}

TEST(closing, within_another_loop_is_fine_when_no_task_is_left) {
  asyncio::run([]() -> Coro<> {
    const EventLoop other = asyncio::new_event_loop({.virtual_clock = true});
    other.call_later(3600, [] {});
    other.close();
    EXPECT_TRUE(other.is_closed());
    co_return;
  }());
}

TEST(closing, a_loop_that_is_dropped_within_another_ends_its_tasks) {
  const token held = std::make_shared<int>(0);
  asyncio::run([](token h) -> Coro<> {
    asyncio::new_event_loop({.virtual_clock = true}).create_task(wait_long(std::move(h)));
    co_return;
  }(held));
  EXPECT_TRUE(eventually([&] { return held.use_count() == 1; }));
}

TEST(closing, by_its_own_callback_is_refused) {
  with_loops([](const EventLoop& loop) {
    std::string how;
    loop.call_soon([&] {
      how = ending_of([&] { loop.close(); });
      loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(how, "RuntimeError: Cannot close a running event loop");
  });
}

TEST(closing, by_its_own_reader_while_it_stands_is_refused) {
  const EventLoop loop(asyncio::loop_state::make_parallel({.workers = 2, .virtual_clock = true}));
  const socket_pair pair;
  std::string how;
  std::atomic<bool> is_told{false};
  pair.send("x");
  loop.add_reader(pair.right.get(), [&] {
    if (is_told) return;
    how = ending_of([&] { loop.close(); });
    is_told = true;
  });
  EXPECT_TRUE(eventually([&] { return is_told.load(); }));
  EXPECT_EQ(how, "RuntimeError: Cannot close a running event loop");
  loop.close();
}

TEST(closing, while_others_register_lets_go_of_all) {
  const std::string closed = "RuntimeError: Event loop is closed";
  for (int round = 0; round < 10; ++round) {
    const token held = std::make_shared<int>(0);
    with_loops([&](const EventLoop& loop) {
      const socket_pair pair;
      std::atomic<int> begun{0};
      std::vector<std::string> ends(4);
      std::vector<std::thread> threads;
      const auto until_it_throws = [&](std::size_t i, auto fn) {
        threads.emplace_back([&, i, fn] {
          ends[i] = ending_of([&] {
            for (fn(), ++begun;;) fn();
          });
        });
      };
      until_it_throws(0, [&] { loop.call_soon([held] {}); });
      until_it_throws(1, [&] { loop.call_later(3600, [held] {}); });
      until_it_throws(2, [&] {
        loop.add_reader(pair.right.get(), [held] {});
        loop.add_writer(pair.right.get(), [held] {});
      });
      until_it_throws(3, [&] {
        loop.add_signal_handler(SIGUSR1, [held] {});
        loop.remove_signal_handler(SIGUSR1);
      });
      threads.emplace_back([&] {
        for (++begun; !loop.is_closed();) loop.stop();
      });
      EXPECT_TRUE(eventually([&] { return begun == 5; }));
      loop.close();
      for (auto& t : threads) t.join();
      EXPECT_EQ(ends, std::vector(4, closed));
    });
    EXPECT_EQ(held.use_count(), 1);
    struct sigaction now{};
    ::sigaction(SIGUSR1, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
    if (testing::Test::HasFailure()) return;
  }
}

// A task that another thread makes meanwhile is refused, or ended like those that were there.
TEST(closing, while_others_make_tasks_ends_or_refuses_each) {
  for (int round = 0; round < 10; ++round) {
    const token held = std::make_shared<int>(0);
    with_loops([&](const EventLoop& loop) {
      std::atomic<int> begun{0};
      std::vector<std::string> ends(2);
      std::vector<std::thread> threads;
      std::vector<std::vector<Task<>>> tasks(2);
      for (std::size_t i = 0; i < ends.size(); ++i) {
        threads.emplace_back([&, i] {
          ends[i] = ending_of([&] {
            for (tasks[i].push_back(loop.create_task(wait_long(held))), ++begun;;) {
              tasks[i].push_back(loop.create_task(wait_long(held)));
              std::this_thread::sleep_for(std::chrono::microseconds(20));
            }
          });
        });
      }
      EXPECT_TRUE(eventually([&] { return begun == 2; }));
      loop.close();
      for (auto& t : threads) t.join();
      EXPECT_EQ(ends, std::vector(2, std::string("RuntimeError: Event loop is closed")));
      for (const auto& made : tasks) {
        for (const auto& t : made) EXPECT_TRUE(t.done());
      }
    });
    EXPECT_EQ(held.use_count(), 1);
    if (testing::Test::HasFailure()) return;
  }
}

// Other threads might make tasks as fast as they are cancelled: what is made by the first round's tasks is the second
// round's, and from then on only the loop's own code makes any.
TEST(closing, from_the_second_round_on_refuses_the_tasks_of_other_threads) {
  with_loops([](const EventLoop& loop) {
    std::string of_outsider;
    Task<> of_insider;
    auto second = [&]() -> Coro<> {
      co_await wait_for_its_cancel();
      std::thread([&] { of_outsider = ending_of([&] { loop.create_task(asyncio::sleep(0)); }); }).join();
      of_insider = asyncio::create_task(asyncio::sleep(0));
    };
    auto first = [&]() -> Coro<> {
      co_await wait_for_its_cancel();
      asyncio::create_task(second);
      co_await settle();
    };
    const auto begin = [&]() -> Coro<> {
      asyncio::create_task(first);
      co_await settle();
    };
    loop.run_until_complete(begin());
    loop.close();
    EXPECT_EQ(of_outsider, "RuntimeError: Event loop is closed");
    EXPECT_TRUE(of_insider.done());
  });
}

// The call that a future's end asks for while the loop closes is dropped without a word.
TEST(closing, drops_done_callbacks_in_silence) {
  testing::internal::CaptureStderr();
  for (int round = 0; round < 30; ++round) {
    with_loops([&](const EventLoop& loop) {
      std::vector<asyncio::Future<int>> futures;
      for (int i = 0; i < 200; ++i) {
        futures.push_back(loop.create_future<int>());
        futures.back().add_done_callback([](asyncio::Future<int>) {});
      }
      std::atomic<bool> began{false};
      std::thread completer([&] {
        for (auto& f : futures) {
          f.set_result(1);
          began = true;
        }
      });
      EXPECT_TRUE(eventually([&] { return began.load(); }));
      loop.close();
      completer.join();
    });
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// What a worker ends last is ended, too, when close() returns.
TEST(closing, waits_for_what_readers_held) {
  struct slow_to_end {
    token held;
    explicit slow_to_end(token h) : held(std::move(h)) {}
    slow_to_end(const slow_to_end&) = default;
    slow_to_end(slow_to_end&&) = default;
    ~slow_to_end() {
      if (held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  const token held = std::make_shared<int>(0);
  for (int round = 0; round < 20; ++round) {
    const EventLoop loop(asyncio::loop_state::make_parallel({.workers = 2, .virtual_clock = true}));
    const socket_pair pair;
    std::atomic<int> calls{0};
    pair.send("x");
    loop.add_reader(pair.right.get(), [&calls, keep = slow_to_end(held)] { ++calls; });
    EXPECT_TRUE(eventually([&] { return calls > 0; }));
    loop.close();
    EXPECT_EQ(held.use_count(), 1);
  }
}

TEST(closing, waits_for_the_callback_that_runs) {
  for (int round = 0; round < 20; ++round) {
    const EventLoop loop(asyncio::loop_state::make_parallel({.workers = 2, .virtual_clock = true}));
    std::atomic<int> step{0};
    loop.call_soon([&] {
      step = 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      step = 2;
    });
    EXPECT_TRUE(eventually([&] { return step > 0; }));
    loop.close();
    EXPECT_EQ(step, 2);
  }
}

TEST(closing, lets_go_of_the_task_factory) {
  const token held = std::make_shared<int>(0);
  {
    const EventLoop loop = asyncio::new_event_loop();
    // The factory holds the loop, which holds the factory.
    loop.set_task_factory([loop, held](asyncio::PendingTask& t, asyncio::TaskOptions o) { return t.start(o); });
    loop.close();
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(closing, leaves_handles_that_may_be_asked_and_cancelled) {
  std::vector<asyncio::Handle> handles;
  with_loops([&](const EventLoop& loop) {
    handles.push_back(loop.call_soon([&] { loop.stop(); }));
    loop.run_forever();
    handles.push_back(loop.call_soon([] {}));
    handles.push_back(loop.call_later(3600, [] {}));
    std::thread([&] { handles.push_back(loop.call_later(3600, [] {})); }).join();
  });
  for (const auto& h : handles) {
    h.cancel();
    EXPECT_TRUE(h.cancelled());
    EXPECT_NE(asyncio::str(h).find("cancelled"), std::string::npos);
  }
}

TEST(closing, leaves_futures_that_may_fail_and_end) {
  asyncio::Future<int> future;
  with_loops([&](const EventLoop& loop) { future = loop.create_future<int>(); });
  future.set_exception(asyncio::ValueError("nobody asked"));
  testing::internal::CaptureStderr();
  future = {};
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("Future exception was never retrieved\n"));
}
