// hocket::Event against asyncio 3.13's, and what several threads add to it.
#include <hocket/hocket.hpp>

#include <memory>
#include <thread>
#include <vector>

#include "conformance/doors.hpp"

using namespace conformance;

namespace {

Coro<> wait_and_note(asyncio::Event event, std::vector<int>& order, int who) {
  co_await event.wait();
  order.push_back(who);
}

IN_SERIAL_DOOR(event, set_wakes_all_in_order_of_arrival) {
  const asyncio::Event event;
  std::vector<int> order;
  std::vector<Task<>> waiting;
  for (int i = 1; i <= 3; ++i) waiting.push_back(asyncio::create_task(wait_and_note(event, order, i)));
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{}));
  event.set();
  EXPECT_TRUE(event.is_set());
  EXPECT_EQ(order, (std::vector<int>{})) << "set() ran a waiter";
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

IN_SERIAL_DOOR(event, wait_for_a_set_event_takes_no_tick) {
  const asyncio::Event event;
  event.set();
  bool other_ran = false;
  auto other = asyncio::create_task([&]() -> Coro<> {
    other_ran = true;
    co_return;
  });
  const bool was_set = co_await event.wait();
  EXPECT_TRUE(was_set);
  EXPECT_FALSE(other_ran);
  co_await other;
}

// CPython: test_clear_with_waiters.
IN_SERIAL_DOOR(event, clear_does_not_take_back_a_wake) {
  const asyncio::Event event;
  std::vector<int> order;
  auto waiting = asyncio::create_task(wait_and_note(event, order, 1));
  co_await asyncio::sleep(0);
  event.set();
  event.clear();
  EXPECT_FALSE(event.is_set());
  event.set();
  event.set();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  event.clear();
  auto later = asyncio::create_task(wait_and_note(event, order, 2));
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  event.set();
  co_await later;
}

IN_BOTH_DOORS(event, cancelled_waiter_leaves) {
  const asyncio::Event event;
  std::vector<int> order;
  auto waiting = asyncio::create_task(wait_and_note(event, order, 1));
  co_await settle();
  waiting.cancel();
  const std::string end = co_await ending(waiting);
  EXPECT_EQ(end, "CancelledError");
  event.set();
  EXPECT_TRUE(order.empty());
}

IN_BOTH_DOORS(event, wait_stands_where_a_coroutine_may) {
  const asyncio::Event event;
  const std::string late = co_await ending(asyncio::wait_for(event.wait(), 0.1));
  EXPECT_EQ(late, "TimeoutError");
  auto waiting = asyncio::create_task(event.wait());
  co_await settle();
  EXPECT_FALSE(waiting.done());
  event.set();
  const bool was_set = co_await waiting;
  EXPECT_TRUE(was_set);
}

IN_BOTH_DOORS(event, plain_thread_may_set) {
  const asyncio::Event event;
  std::thread setter([event] { event.set(); });
  co_await event.wait();
  setter.join();
  EXPECT_TRUE(event.is_set());
}

IN_BOTH_DOORS(event, wakes_everybody) {
  constexpr int rounds = 50, tasks = 20;
  for (int round = 0; round < rounds; ++round) {
    const asyncio::Event event;
    std::atomic<int> woken{0};
    std::vector<Task<>> crowd;
    for (int i = 0; i < tasks; ++i) {
      crowd.push_back(asyncio::create_task([&event, &woken]() -> Coro<> {
        co_await event.wait();
        woken.fetch_add(1);
      }));
    }
    if (round % 2 == 0) co_await asyncio::sleep(0);
    event.set();
    for (auto& task : crowd) co_await task;
    EXPECT_EQ(woken.load(), tasks);
  }
}

}  // namespace
