// A task whose awaits are all ready gives way in the parallel door, and nowhere else.
#include <hocket/hocket.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "conformance/doors.hpp"
#include "support/eventually.hpp"

using namespace conformance;

namespace {

constexpr unsigned usual = 128;
constexpr int very_many = 20'000;

/// An operation that is ready, whenever it is asked for.
using operation = std::function<Coro<>()>;

/// How many operations a task does before another one, that was ready when it began, had its turn. At most `very_many`.
Coro<int> operations_before_another_has_its_turn(operation ready) {
  std::atomic<bool> has_run{false};
  const Task<> other = asyncio::create_task([&has_run]() -> Coro<> {
    has_run = true;
    co_return;
  });
  int done = 0;
  while (!has_run && done < very_many) {
    co_await ready();
    ++done;
  }
  co_await other;
  co_return done;
}

/// One worker, so that only a task that gives way lets others run.
asyncio::RunOptions alone(unsigned budget) { return {.workers = 1, .virtual_clock = true, .budget = budget}; }

struct ready_operation {
  std::string name;
  std::function<operation()> make;
  int in_serial_door = very_many;  // wait() gives the others a turn there, whatever it waits for, as asyncio's does
};

std::ostream& operator<<(std::ostream& out, const ready_operation& o) { return out << o.name; }

std::vector<ready_operation> ready_operations() {
  using asyncio::Lock;
  return {
      {"queue",
       [] {
         return [q = asyncio::Queue<int>()]() -> Coro<> {
           co_await q.put(1);
           co_await q.get();
         };
       }},
      {"queue_join", [] { return [q = asyncio::Queue<int>()]() -> Coro<> { co_await q.join(); }; }},
      {"lock",
       [] {
         return [lock = Lock()]() -> Coro<> {
           co_await lock.acquire();
           lock.release();
         };
       }},
      {"lock_guard",
       [] { return [lock = Lock()]() -> Coro<> { const asyncio::LockGuard guard = co_await lock.guard(); }; }},
      {"semaphore",
       [] {
         return [semaphore = asyncio::Semaphore(2)]() -> Coro<> {
           co_await semaphore.acquire();
           semaphore.release();
         };
       }},
      {"event",
       [] {
         asyncio::Event event;
         event.set();
         return [event]() -> Coro<> { co_await event.wait(); };
       }},
      {"done_future",
       [] {
         const auto future = asyncio::get_running_loop().create_future<int>();
         future.set_result(1);
         return [future]() -> Coro<> { co_await future; };
       }},
      {"wait",
       [] {
         const auto future = asyncio::get_running_loop().create_future<int>();
         future.set_result(1);
         const std::vector<Future<int>> futures(1, future);
         return [futures]() -> Coro<> { co_await asyncio::wait(futures); };
       },
       1},
      {"stream_read",
       [] {
         return [reader = asyncio::StreamReader()]() -> Coro<> {
           reader.feed_data("a");
           const std::string byte = co_await reader.read(1);
           EXPECT_EQ(byte, "a");
         };
       }},
      {"stream_readexactly",
       [] {
         return [reader = asyncio::StreamReader()]() -> Coro<> {
           reader.feed_data("abc");
           const std::string bytes = co_await reader.readexactly(3);
           EXPECT_EQ(bytes, "abc");
         };
       }},
  };
}

class budget : public testing::TestWithParam<ready_operation> {};
INSTANTIATE_TEST_SUITE_P(operations, budget, testing::ValuesIn(ready_operations()),
                         [](const auto& p) { return p.param.name; });

Coro<int> measure(std::function<operation()> make) {
  const operation ready = make();
  const int done = co_await operations_before_another_has_its_turn(ready);
  co_return done;
}

TEST_P(budget, a_task_that_never_waits_lets_another_one_run) {
  const int done = asyncio::run_parallel(measure(GetParam().make), alone(usual));
  // An operation here is one or two awaits; the one that gives way is done after the other's turn.
  EXPECT_GE(done, static_cast<int>(usual) / 2);
  EXPECT_LE(done, static_cast<int>(usual) + 1);
}

TEST_P(budget, goes_by_the_number_that_was_asked_for) {
  EXPECT_LE(asyncio::run_parallel(measure(GetParam().make), alone(1)), 2);
}

TEST_P(budget, can_be_turned_off) { EXPECT_EQ(asyncio::run_parallel(measure(GetParam().make), alone(0)), very_many); }

TEST_P(budget, does_not_act_in_the_serial_door) {
  EXPECT_EQ(asyncio::run(measure(GetParam().make), {.virtual_clock = true, .budget = 1}), GetParam().in_serial_door);
}

TEST_P(budget, is_the_same_number_at_each_run_under_a_seed) {
  const auto once = [] {
    return asyncio::run_parallel(measure(GetParam().make), {.virtual_clock = true, .seed = 7, .budget = 10});
  };
  const int first = once();
  EXPECT_LT(first, very_many);
  EXPECT_EQ(once(), first);
}

Coro<> alone_on_its_strand(asyncio::Lock lock, int* inside) {
  EXPECT_EQ(++*inside, 1) << "another task of the strand had its turn between two awaits that do not wait";
  for (int i = 0; i < 1000; ++i) {
    co_await lock.acquire();
    lock.release();
  }
  --*inside;
}

TEST(budgets, do_not_act_on_a_strand) {
  asyncio::run_parallel(
      []() -> Coro<> {
        const asyncio::Strand strand;
        const asyncio::Lock lock;
        int inside = 0;
        const auto first = strand.create_task(alone_on_its_strand(lock, &inside));
        const auto second = strand.create_task(alone_on_its_strand(lock, &inside));
        co_await first;
        co_await second;
      }(),
      {.workers = 2, .virtual_clock = true, .budget = 1});
}

TEST(budgets, act_on_what_a_serial_loop_gives_to_the_pool) {
  const auto main = []() -> Coro<int> {
    const asyncio::Lock lock;
    const operation ready = [lock]() -> Coro<> {
      co_await lock.acquire();
      lock.release();
    };
    const int done = co_await asyncio::parallel(operations_before_another_has_its_turn(ready));
    co_return done;
  };
  EXPECT_LE(asyncio::run(main(), alone(usual)), static_cast<int>(usual) + 1);
}

// Two whose queues are never empty: neither waits, ever.
Coro<> ping(asyncio::Queue<int> mine, asyncio::Queue<int> theirs, const std::atomic<bool>* enough) {
  while (!*enough) {
    const int ball = co_await mine.get();
    co_await theirs.put(ball);
    // A failing run must end, too.
    if (ball < 0) co_return;
  }
}

/// Plays ping-pong over full queues on one worker, without a standby, while `guest` runs to its end.
template <class Guest>
bool ends_beside_two_that_never_wait(Guest guest) {
  std::atomic<bool> enough{false}, in_time{true};
  asyncio::run_parallel(
      [&]() -> Coro<> {
        const asyncio::Queue<int> left, right;
        for (int i = 0; i < 1000; ++i) {
          co_await left.put(i);
          co_await right.put(i);
        }
        std::thread watchdog([&] {
          in_time = hocket::support::eventually([&] { return enough.load(); });
          enough = true;
        });
        const auto a = asyncio::create_task(ping(left, right, &enough));
        const auto b = asyncio::create_task(ping(right, left, &enough));
        co_await guest();
        enough = true;
        co_await a;
        co_await b;
        watchdog.join();
      }(),
      {.workers = 1, .standby = false});
  return in_time;
}

TEST(budgets, two_that_never_wait_do_not_keep_a_third_waiting) {
  EXPECT_TRUE(ends_beside_two_that_never_wait([]() -> Coro<> {
    for (int i = 0; i < 10; ++i) {
      const auto t = asyncio::create_task([]() -> Coro<> { co_return; });
      co_await t;
    }
  }));
}

TEST(budgets, two_that_never_wait_do_not_keep_a_timer_waiting) {
  EXPECT_TRUE(ends_beside_two_that_never_wait([]() -> Coro<> {
    for (int i = 0; i < 3; ++i) co_await asyncio::sleep(0.001);
  }));
}

TEST(budgets, two_that_never_wait_do_not_keep_a_timeout_waiting) {
  EXPECT_TRUE(ends_beside_two_that_never_wait([]() -> Coro<> {
    const std::string how = co_await ending(asyncio::wait_for(asyncio::Event().wait(), 0.001));
    EXPECT_EQ(how, "TimeoutError");
  }));
}

TEST(budgets, two_that_never_wait_do_not_keep_a_socket_waiting) {
  EXPECT_TRUE(ends_beside_two_that_never_wait([]() -> Coro<> {
    const auto echo = [](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
      for (std::string line = co_await reader.readline(); !line.empty(); line = co_await reader.readline()) {
        writer.write(line);
      }
      writer.close();
    };
    const asyncio::Server server = co_await asyncio::start_server(echo, "127.0.0.1", 0);
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
    for (int i = 0; i < 3; ++i) {
      writer.write("ping\n");
      const std::string answer = co_await reader.readline();
      EXPECT_EQ(answer, "ping\n");
    }
    writer.close();
    server.close();
    co_await server.wait_closed();
  }));
}

TEST(budgets, one_who_drains_and_never_waits_does_not_keep_others_waiting) {
  asyncio::run_parallel(
      []() -> Coro<> {
        const auto swallow = [](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
          co_await reader.read();
          writer.close();
        };
        const asyncio::Server server = co_await asyncio::start_server(swallow, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        const operation ready = [&writer]() -> Coro<> { co_await writer.drain(); };
        const int done = co_await operations_before_another_has_its_turn(ready);
        EXPECT_LE(done, static_cast<int>(usual) + 1);
        writer.close();
        server.close();
        co_await server.wait_closed();
      }(),
      {.workers = 1, .standby = false, .budget = usual});
}

// ---- Cancellation, where a task gives way.

Coro<> locks_for_ever(asyncio::Lock lock) {
  for (;;) {
    co_await lock.acquire();
    lock.release();
  }
}

TEST(budgets, a_task_that_never_waits_can_be_cancelled) {
  asyncio::run_parallel(
      []() -> Coro<> {
        const asyncio::Lock lock;
        const auto task = asyncio::create_task(locks_for_ever(lock));
        co_await asyncio::sleep(0);
        EXPECT_TRUE(task.cancel("enough"));
        const std::string how = co_await ending(task);
        EXPECT_EQ(how, "CancelledError: enough");
        EXPECT_FALSE(lock.locked());
      }(),
      alone(usual));
}

TEST(budgets, a_task_that_never_waits_has_a_time_limit) {
  asyncio::run_parallel(
      []() -> Coro<> {
        const std::string how = co_await ending(asyncio::wait_for(locks_for_ever(asyncio::Lock()), 0.002));
        EXPECT_EQ(how, "TimeoutError");
      }(),
      {.workers = 1, .standby = false});
}

// Every item is got once, every permit given back, wherever whoever had it was cancelled.
TEST(budgets, no_item_and_no_permit_is_lost_to_a_cancel) {
  constexpr int items = 2000;
  for (const unsigned workers : hocket::support::test_workers()) {
    asyncio::run_parallel(
        []() -> Coro<> {
          const asyncio::Queue<int> queue(3);
          const asyncio::Lock lock;
          const asyncio::Semaphore permits(2);
          std::vector<std::atomic<int>> got(items);
          std::atomic<int> left{items};
          const auto consume = [&]() -> Coro<> {
            for (;;) {
              const int item = co_await queue.get();
              ++got[static_cast<std::size_t>(item)];
              --left;
              const asyncio::SemaphoreGuard permit = co_await permits.guard();
              const asyncio::LockGuard guard = co_await lock.guard();
            }
          };
          const auto produce = [&]() -> Coro<> {
            for (int i = 0; i < items; ++i) co_await queue.put(i);
          };
          const auto producer = asyncio::create_task(produce);
          while (left > 0) {
            std::vector<Task<>> consumers;
            for (int i = 0; i < 4; ++i) consumers.push_back(asyncio::create_task(consume));
            for (int i = 0; i < 3; ++i) co_await asyncio::sleep(0);
            for (const auto& c : consumers) c.cancel();
            for (const auto& c : consumers) {
              const std::string how = co_await ending(c);
              EXPECT_EQ(how, "CancelledError");
            }
          }
          co_await producer;
          for (int i = 0; i < items; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], 1) << "item " << i;
          EXPECT_EQ(queue.qsize(), 0u);
          EXPECT_FALSE(lock.locked());
          co_await permits.acquire();
          EXPECT_FALSE(permits.locked()) << "a permit was lost";
          co_await permits.acquire();
        }(),
        {.workers = workers, .virtual_clock = true, .budget = 1});
  }
}

// asyncio's names are references: whoever is about to wait keeps the lock alive, also while it gives way.
TEST(budgets, a_task_that_gives_way_keeps_what_it_will_wait_for) {
  asyncio::run_parallel(
      []() -> Coro<> {
        auto lock = std::make_optional<asyncio::Lock>();
        auto queue = std::make_optional<asyncio::Queue<int>>();
        const auto locks = asyncio::create_task([&]() -> Coro<> { co_await lock->acquire(); });
        const auto puts = asyncio::create_task([&]() -> Coro<> { co_await queue->put(1); });
        co_await asyncio::sleep(0);  // they have begun, and gave way
        lock.reset();
        queue.reset();
        co_await locks;
        co_await puts;
      }(),
      alone(1));
}

}  // namespace
