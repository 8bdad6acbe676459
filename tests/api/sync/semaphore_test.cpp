// hocket::Semaphore against asyncio 3.13's, and what several threads add to it.
#include <hocket/hocket.hpp>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "conformance/doors.hpp"
#include "support/chance.hpp"

using namespace conformance;

namespace {

using strings = std::vector<std::string>;
using numbers = std::vector<int>;

Coro<> twice(asyncio::Semaphore semaphore, strings& seen, std::string name) {
  for (const char* time : {"_1", "_2"}) {
    co_await semaphore.acquire();
    seen.push_back(name + time);
    co_await asyncio::sleep(0.01);
    semaphore.release();
  }
}

// CPython: test_acquire_fifo_order.
IN_SERIAL_DOOR(semaphore, acquires_in_order_of_arrival) {
  const asyncio::Semaphore semaphore(1);
  strings seen;
  auto c1 = asyncio::create_task(twice(semaphore, seen, "c1"));
  auto c2 = asyncio::create_task(twice(semaphore, seen, "c2"));
  auto c3 = asyncio::create_task(twice(semaphore, seen, "c3"));
  co_await c1;
  co_await c2;
  co_await c3;
  EXPECT_EQ(seen, (strings{"c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2"}));
}

Coro<> take(asyncio::Semaphore semaphore, numbers& seen, int who) {
  co_await semaphore.acquire();
  seen.push_back(who);
}

// CPython: test_acquire_fifo_order_2. The second cannot barge in with its own release.
IN_SERIAL_DOOR(semaphore, releaser_does_not_overtake) {
  const asyncio::Semaphore semaphore(1);
  numbers seen;
  auto t1 = asyncio::create_task(take(semaphore, seen, 1));
  auto t2 = asyncio::create_task([&]() -> Coro<> {
    co_await semaphore.acquire();
    seen.push_back(2);
    semaphore.release();
    co_await semaphore.acquire();
    seen.push_back(4);
  });
  auto t3 = asyncio::create_task(take(semaphore, seen, 3));
  co_await asyncio::sleep(0);
  semaphore.release();
  semaphore.release();
  co_await t1;
  co_await t2;
  co_await t3;
  EXPECT_EQ(seen, (numbers{1, 2, 3, 4}));
}

// CPython: test_acquire_fifo_order_3.
IN_SERIAL_DOOR(semaphore, cancelled_waiter_takes_nothing_along) {
  const asyncio::Semaphore semaphore(0);
  numbers seen;
  auto t1 = asyncio::create_task(take(semaphore, seen, 1));
  auto t2 = asyncio::create_task(take(semaphore, seen, 2));
  auto t3 = asyncio::create_task(take(semaphore, seen, 3));
  co_await asyncio::sleep(0);
  t1.cancel();
  co_await asyncio::sleep(0);
  semaphore.release();
  semaphore.release();
  co_await t2;
  co_await t3;
  EXPECT_EQ(seen, (numbers{2, 3}));
  EXPECT_TRUE(t1.cancelled());
}

// CPython: test_acquire_fifo_order_4. Who runs on wakes those who queued behind it although there were permits.
IN_SERIAL_DOOR(semaphore, permits_reach_all_who_queued) {
  const asyncio::Semaphore semaphore(0);
  numbers seen;
  Task<> t4;
  auto t1 = asyncio::create_task([&]() -> Coro<> {
    co_await semaphore.acquire();
    t4 = asyncio::create_task([&]() -> Coro<> {
      seen.push_back(4);
      co_return;
    });
    seen.push_back(1);
  });
  auto t2 = asyncio::create_task([&]() -> Coro<> {
    semaphore.release();
    semaphore.release();
    semaphore.release();
    EXPECT_TRUE(semaphore.locked()) << "the first has not run yet";
    co_await semaphore.acquire();
    seen.push_back(2);
  });
  auto t3 = asyncio::create_task([&]() -> Coro<> {
    co_await semaphore.acquire();
    EXPECT_TRUE(semaphore.locked());
    seen.push_back(3);
  });
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
  co_await t1;
  co_await t2;
  co_await t3;
  co_await t4;
  EXPECT_EQ(seen, (numbers{1, 2, 3, 4}));
}

// CPython: test_acquire_hang.
IN_SERIAL_DOOR(semaphore, permit_passes_a_cancelled_waiter) {
  const asyncio::Semaphore semaphore(0);
  numbers seen;
  auto t1 = asyncio::create_task(take(semaphore, seen, 1));
  auto t2 = asyncio::create_task(take(semaphore, seen, 2));
  co_await asyncio::sleep(0);
  t1.cancel();
  semaphore.release();
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
  EXPECT_TRUE(semaphore.locked());
  EXPECT_TRUE(t2.done());
}

// Woken, then cancelled before it ran: the permit goes on to the next.
IN_SERIAL_DOOR(semaphore, woken_then_cancelled_hands_the_permit_on) {
  const asyncio::Semaphore semaphore(0);
  numbers seen;
  auto t1 = asyncio::create_task(take(semaphore, seen, 1));
  auto t2 = asyncio::create_task(take(semaphore, seen, 2));
  co_await asyncio::sleep(0);
  semaphore.release();
  t1.cancel();
  co_await t2;
  EXPECT_TRUE(t1.cancelled());
  EXPECT_EQ(seen, (numbers{2}));
  EXPECT_TRUE(semaphore.locked());
}

// CPython: test_acquire_no_hang.
IN_BOTH_DOORS(semaphore, survives_a_cancel_by_the_one_who_released) {
  const asyncio::Semaphore semaphore(1);
  Task<> t2;
  auto t1 = asyncio::create_task([&]() -> Coro<> {
    {
      const auto guard = co_await semaphore.guard();
      co_await settle();
    }
    t2.cancel();
  });
  co_await asyncio::sleep(0);
  t2 = asyncio::create_task([&]() -> Coro<> { const auto guard = co_await semaphore.guard(); });
  co_await t1;
  const std::string end = co_await ending(t2);
  EXPECT_TRUE(end == "CancelledError" || end == "returned") << end;
  const bool taken = co_await semaphore.acquire();
  EXPECT_TRUE(taken);
}

IN_SERIAL_DOOR(semaphore, free_permit_is_taken_without_a_tick) {
  const asyncio::Semaphore semaphore(2);
  bool other_ran = false;
  auto other = asyncio::create_task([&]() -> Coro<> {
    other_ran = true;
    co_return;
  });
  for (int i = 0; i < 100; ++i) {
    const auto guard = co_await semaphore.guard();
    co_await semaphore.acquire();
    EXPECT_TRUE(semaphore.locked());
    semaphore.release();
  }
  EXPECT_FALSE(semaphore.locked());
  EXPECT_FALSE(other_ran);
  co_await other;
}

IN_BOTH_DOORS(semaphore, refuses_what_asyncio_refuses) {
  EXPECT_EQ(ending_of([] { return asyncio::Semaphore(-1); }), "ValueError: Semaphore initial value must be >= 0");
  const asyncio::BoundedSemaphore bounded(1);
  EXPECT_EQ(ending_of([&] { bounded.release(); }), "ValueError: BoundedSemaphore released too many times");
  co_await bounded.acquire();
  bounded.release();
  EXPECT_EQ(ending_of([&] { bounded.release(); }), "ValueError: BoundedSemaphore released too many times");
  const asyncio::Semaphore unbounded(0);
  unbounded.release();
  co_await unbounded.acquire();
}

IN_BOTH_DOORS(semaphore, lets_no_more_in_than_it_has) {
  constexpr int permits = 3, tasks = 12, times = 40;
  const asyncio::Semaphore semaphore(permits);
  std::atomic<int> inside{0}, most{0};
  std::vector<Task<>> crowd;
  for (int i = 0; i < tasks; ++i) {
    crowd.push_back(asyncio::create_task([&]() -> Coro<> {
      for (int n = 0; n < times; ++n) {
        const auto guard = co_await semaphore.guard();
        const int now = inside.fetch_add(1) + 1;
        for (int seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        co_await asyncio::sleep(0);
        inside.fetch_sub(1);
      }
    }));
  }
  for (auto& task : crowd) co_await task;
  EXPECT_LE(most.load(), permits);
  EXPECT_FALSE(semaphore.locked());
}

// Whatever is cancelled and whenever: at the end every permit is there, and no waiter sleeps while one is free.
IN_BOTH_DOORS(semaphore, conserves_permits_under_cancellation) {
  constexpr int permits = 2, rounds = 60, tasks = 8;
  std::mt19937_64 chance(hocket::support::test_seed());
  const asyncio::Semaphore semaphore(permits);
  for (int round = 0; round < rounds; ++round) {
    std::vector<Task<>> crowd;
    for (int i = 0; i < tasks; ++i) {
      const int pauses = static_cast<int>(chance() % 3);
      crowd.push_back(asyncio::create_task([&semaphore, pauses]() -> Coro<> {
        const auto guard = co_await semaphore.guard();
        for (int n = 0; n < pauses; ++n) co_await asyncio::sleep(0);
      }));
    }
    for (int n = static_cast<int>(chance() % 4); n > 0; --n) co_await asyncio::sleep(0);
    for (auto& task : crowd) {
      if (chance() % 2 == 0) task.cancel();
      if (chance() % 4 == 0) co_await asyncio::sleep(0);
    }
    for (auto& task : crowd) {
      const std::string end = co_await ending(task);
      EXPECT_TRUE(end == "returned" || end == "CancelledError") << end;
    }
    for (int i = 0; i < permits; ++i) {
      EXPECT_FALSE(semaphore.locked()) << "a permit was lost in round " << round;
      if (!semaphore.locked()) co_await semaphore.acquire();
    }
    EXPECT_TRUE(semaphore.locked()) << "a permit too many in round " << round;
    for (int i = 0; i < permits; ++i) semaphore.release();
  }
}

IN_BOTH_DOORS(semaphore, plain_thread_may_release) {
  const asyncio::Semaphore semaphore(0);
  std::thread releaser([semaphore] { semaphore.release(); });
  co_await semaphore.acquire();
  releaser.join();
}

}  // namespace
