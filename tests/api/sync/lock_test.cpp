// hocket::Lock against asyncio 3.13's, and what several threads add to it.
#include <hocket/hocket.hpp>

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "conformance/doors.hpp"

using namespace conformance;

namespace {

Coro<> take_and_note(asyncio::Lock lock, std::vector<int>& order, int who) {
  co_await lock.acquire();
  order.push_back(who);
}

IN_SERIAL_DOOR(lock, acquires_in_order_of_arrival) {
  const asyncio::Lock lock;
  std::vector<int> order;
  co_await lock.acquire();
  auto t1 = asyncio::create_task(take_and_note(lock, order, 1));
  auto t2 = asyncio::create_task(take_and_note(lock, order, 2));
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{}));
  lock.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  auto t3 = asyncio::create_task(take_and_note(lock, order, 3));
  lock.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  lock.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(t1.done() && t2.done() && t3.done());
}

IN_SERIAL_DOOR(lock, free_lock_is_taken_without_a_tick) {
  const asyncio::Lock lock;
  bool other_ran = false;
  auto other = asyncio::create_task([&]() -> Coro<> {
    other_ran = true;
    co_return;
  });
  for (int i = 0; i < 100; ++i) {
    const bool taken = co_await lock.acquire();
    EXPECT_TRUE(taken);
    lock.release();
  }
  {
    const auto guard = co_await lock.guard();
  }
  EXPECT_FALSE(other_ran);
  co_await other;
}

// After release() the lock reads as unlocked, but a newcomer queues behind whoever was woken.
IN_SERIAL_DOOR(lock, newcomer_does_not_overtake_the_woken) {
  const asyncio::Lock lock;
  std::vector<int> order;
  co_await lock.acquire();
  auto waiting = asyncio::create_task(take_and_note(lock, order, 1));
  co_await asyncio::sleep(0);
  lock.release();
  EXPECT_FALSE(lock.locked());
  auto newcomer = asyncio::create_task(take_and_note(lock, order, 2));
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  lock.release();
  co_await newcomer;
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

Coro<> take_hold_release(asyncio::Lock lock, Future<void> until) {
  co_await lock.acquire();
  if (until) co_await until;
  lock.release();
}

// CPython: test_cancel_race.
IN_SERIAL_DOOR(lock, release_skips_a_cancelled_waiter) {
  const asyncio::Lock lock;
  const auto hold = new_future<void>();
  auto a = asyncio::create_task(take_hold_release(lock, hold));
  co_await asyncio::sleep(0);
  EXPECT_TRUE(lock.locked());
  auto b = asyncio::create_task(take_hold_release(lock, {}));
  co_await asyncio::sleep(0);
  auto c = asyncio::create_task(take_hold_release(lock, {}));
  co_await asyncio::sleep(0);
  hold.set_result();
  b.cancel();
  co_await asyncio::sleep(0);
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(a.done());
  EXPECT_TRUE(b.cancelled());
  co_await c;
}

// CPython: test_cancel_release_race. Only one of the two that follow gets it.
IN_SERIAL_DOOR(lock, cancel_and_release_together_give_it_to_one) {
  const asyncio::Lock lock;
  std::vector<int> order;
  co_await lock.acquire();
  auto t1 = asyncio::create_task(take_and_note(lock, order, 1));
  auto t2 = asyncio::create_task(take_and_note(lock, order, 2));
  auto t3 = asyncio::create_task(take_and_note(lock, order, 3));
  co_await asyncio::sleep(0);
  asyncio::get_running_loop().call_soon([&] {
    t1.cancel();
    lock.release();
  });
  const std::string end = co_await ending(t1);
  EXPECT_EQ(end, "CancelledError");
  EXPECT_EQ(order, (std::vector<int>{2}));
  EXPECT_TRUE(t2.done());
  t3.cancel();
  co_await asyncio::sleep(0);
  EXPECT_TRUE(t3.cancelled());
}

// Cancelled after the grant, before it ran: the next one gets the lock.
IN_SERIAL_DOOR(lock, woken_then_cancelled_wakes_the_next) {
  const asyncio::Lock lock;
  std::vector<int> order;
  co_await lock.acquire();
  auto first = asyncio::create_task(take_and_note(lock, order, 1));
  auto second = asyncio::create_task(take_and_note(lock, order, 2));
  co_await asyncio::sleep(0);
  lock.release();
  first.cancel();
  co_await second;
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, (std::vector<int>{2}));
  EXPECT_TRUE(lock.locked());
}

IN_BOTH_DOORS(lock, releasing_a_free_lock_is_an_error) {
  const asyncio::Lock lock;
  EXPECT_EQ(ending_of([&] { lock.release(); }), "RuntimeError: Lock is not acquired.");
  co_return;
}

IN_BOTH_DOORS(lock, guard_releases_when_an_exception_leaves) {
  const asyncio::Lock lock;
  auto failing = asyncio::create_task([&]() -> Coro<> {
    const auto guard = co_await lock.guard();
    EXPECT_TRUE(lock.locked());
    co_await asyncio::sleep(0);
    throw asyncio::ValueError("inside");
  });
  const std::string end = co_await ending(failing);
  EXPECT_EQ(end, "ValueError: inside");
  EXPECT_FALSE(lock.locked());

  auto moved = co_await lock.guard();
  auto guard = std::move(moved);
  EXPECT_FALSE(moved.owns_lock());
  guard.release();
  EXPECT_FALSE(lock.locked());
  guard.release();
}

Coro<> add_under(asyncio::Lock lock, long& counter, int times) {
  for (int i = 0; i < times; ++i) {
    const auto guard = co_await lock.guard();
    const long before = counter;
    if (i % 16 == 0) co_await asyncio::sleep(0);
    counter = before + 1;
  }
}

IN_BOTH_DOORS(lock, excludes) {
  constexpr int tasks = 8, times = 200;
  const asyncio::Lock lock;
  long counter = 0;  // guarded by lock
  std::vector<Task<>> crowd;
  for (int i = 0; i < tasks; ++i) crowd.push_back(asyncio::create_task(add_under(lock, counter, times)));
  for (auto& task : crowd) co_await task;
  EXPECT_EQ(counter, tasks * times);
  EXPECT_FALSE(lock.locked());
}

IN_BOTH_DOORS(lock, acquire_stands_where_a_coroutine_may) {
  const asyncio::Lock lock;
  auto first = asyncio::create_task(lock.acquire());
  co_await first;
  EXPECT_TRUE(lock.locked());
  const std::string late = co_await ending(asyncio::wait_for(lock.acquire(), 0.1));
  EXPECT_EQ(late, "TimeoutError");
  lock.release();
  {
    const auto guard = co_await asyncio::wait_for(lock.guard(), 0.1);
  }
  EXPECT_FALSE(lock.locked());
}

// A waiter refers to the state itself: the last handle may go while somebody waits.
IN_BOTH_DOORS(lock, waiter_keeps_the_state_alive) {
  auto lock = std::make_unique<asyncio::Lock>();
  co_await lock->acquire();
  auto waiting = asyncio::create_task([&lock]() -> Coro<> { co_await lock->acquire(); });
  co_await settle();
  lock.reset();
  waiting.cancel();
  const std::string end = co_await ending(waiting);
  EXPECT_EQ(end, "CancelledError");
}

IN_BOTH_DOORS(lock, plain_thread_may_release) {
  const asyncio::Lock lock;
  co_await lock.acquire();
  std::thread releaser([lock] { lock.release(); });
  co_await lock.acquire();
  releaser.join();
  EXPECT_TRUE(lock.locked());
}

}  // namespace
