// Locks, events, conditions, semaphores and barriers: groups C38 and C39, and what else CPython's test_locks.py claims.
// What each says in print, and when each wakes whom to the tick, is the serial door's.
#include <memory>
#include <thread>

#include "doors.hpp"
#include "support/chance.hpp"

using namespace conformance;

namespace {

/// A coroutine of a test as a task: `start([&]() -> Coro<> {...})`, started before it returns.
template <class F>
Task<> start(F fn) {
  return asyncio::create_task(std::move(fn));
}

}  // namespace

// --- C38: lock and event ---

IN_BOTH_DOORS(locks, a_release_passes_over_a_cancelled_waiter) {
  const asyncio::Lock lock;
  const auto hold = new_future<void>();
  auto a = start([&]() -> Coro<> {
    const auto guard = co_await lock.guard();
    co_await hold;
  });
  co_await settle();
  auto b = start([&]() -> Coro<> { const auto guard = co_await lock.guard(); });
  co_await settle();
  auto c = start([&]() -> Coro<> { const auto guard = co_await lock.guard(); });
  co_await settle();
  b.cancel();
  hold.set_result();
  co_await a;
  co_await c;
  EXPECT_EQ(co_await ending(b), "CancelledError");
  EXPECT_FALSE(lock.locked());
}

IN_BOTH_DOORS(locks, a_waiter_that_is_woken_and_cancelled_passes_the_lock_on) {
  for (int round = 0; round < 20; ++round) {
    const asyncio::Lock lock;
    co_await lock.acquire();
    auto first = start([&]() -> Coro<> { const auto guard = co_await lock.guard(); });
    co_await settle();
    auto second = start([&]() -> Coro<> { const auto guard = co_await lock.guard(); });
    co_await settle();
    lock.release();
    first.cancel();
    co_await second;
    const std::string end = co_await ending(first);
    EXPECT_TRUE(end == "CancelledError" || end == "returned") << end;
    EXPECT_FALSE(lock.locked());
  }
}

IN_BOTH_DOORS(locks, set_clear_set_wakes_once) {
  const asyncio::Event event;
  std::atomic<int> woken{0};
  auto waiting = start([&]() -> Coro<> {
    co_await event.wait();
    woken.fetch_add(1);
  });
  co_await settle();
  event.set();
  event.clear();
  EXPECT_FALSE(event.is_set());
  event.set();
  event.set();
  co_await waiting;
  EXPECT_EQ(woken.load(), 1);
  EXPECT_TRUE(event.is_set());
}

// --- C38: condition ---

IN_SERIAL_DOOR(condition, notified_tasks_get_the_lock_in_order) {
  const asyncio::Condition cond;
  std::vector<int> order;
  std::vector<Task<>> tasks;
  for (int i = 1; i <= 3; ++i) {
    tasks.push_back(start([&, i]() -> Coro<> {
      co_await cond.acquire();
      const bool told = co_await cond.wait();
      if (told) order.push_back(i);
    }));
  }
  co_await asyncio::sleep(0);
  EXPECT_FALSE(cond.locked());
  co_await cond.acquire();
  cond.notify();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, std::vector<int>());
  EXPECT_TRUE(cond.locked());
  cond.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  EXPECT_TRUE(cond.locked());
  cond.notify(2);
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1}));
  cond.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  cond.release();
  co_await asyncio::sleep(0);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  for (auto& t : tasks) EXPECT_TRUE(t.done());
}

IN_BOTH_DOORS(condition, notify_wakes_as_many_as_it_says) {
  const asyncio::Condition cond;
  Log order;
  std::vector<Task<>> tasks;
  for (int i = 1; i <= 4; ++i) {
    tasks.push_back(start([&, i]() -> Coro<> {
      const auto guard = co_await cond.guard();
      co_await cond.wait();
      order(std::to_string(i));
    }));
    co_await settle();
  }
  {
    const auto guard = co_await cond.guard();
    cond.notify(0);
    cond.notify(1);
  }
  co_await settle();
  EXPECT_EQ(order.entries(), (Entries{"1"}));
  {
    const auto guard = co_await cond.guard();
    cond.notify();
    cond.notify(2048);
  }
  for (auto& t : tasks) co_await t;
  EXPECT_EQ(order.sorted(), (Entries{"1", "2", "3", "4"}));
  EXPECT_FALSE(cond.locked());
}

IN_BOTH_DOORS(condition, notify_all_wakes_all) {
  const asyncio::Condition cond;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 8; ++i) {
    tasks.push_back(start([&]() -> Coro<> {
      const auto guard = co_await cond.guard();
      co_await cond.wait();
    }));
  }
  co_await settle();
  co_await cond.acquire();
  cond.notify_all();
  cond.release();
  for (auto& t : tasks) co_await t;
  EXPECT_FALSE(cond.locked());
}

IN_BOTH_DOORS(condition, refuses_what_needs_the_lock) {
  const asyncio::Condition cond;
  EXPECT_EQ(co_await ending(cond.wait()), "RuntimeError: cannot wait on un-acquired lock");
  EXPECT_EQ(ending_of([&] { cond.notify(); }), "RuntimeError: cannot notify on un-acquired lock");
  EXPECT_EQ(ending_of([&] { cond.notify_all(); }), "RuntimeError: cannot notify on un-acquired lock");
  EXPECT_EQ(ending_of([&] { cond.release(); }), "RuntimeError: Lock is not acquired.");
}

IN_BOTH_DOORS(condition, wait_for_asks_again_after_each_notification) {
  const asyncio::Condition cond;
  int level = 0;  // guarded by cond
  std::atomic<int> asked{0};
  auto waiting = asyncio::create_task([&]() -> Coro<int> {
    const auto guard = co_await cond.guard();
    auto enough = [&] {
      asked.fetch_add(1);
      return level >= 2 ? level * 10 : 0;
    };
    const int result = co_await cond.wait_for(enough);
    EXPECT_TRUE(cond.locked());
    co_return result;
  });
  co_await settle();
  for (int i = 0; i < 2; ++i) {
    const auto guard = co_await cond.guard();
    ++level;
    cond.notify();
    EXPECT_FALSE(waiting.done());
  }
  const int result = co_await waiting;
  EXPECT_EQ(result, 20);
  EXPECT_GE(asked.load(), 2);
}

IN_BOTH_DOORS(condition, wait_for_what_is_true_needs_no_lock) {
  const asyncio::Condition cond;
  auto always = [] { return 7; };
  auto never = [] { return false; };
  const int value = co_await cond.wait_for(always);
  EXPECT_EQ(value, 7);
  EXPECT_EQ(co_await ending(cond.wait_for(never)), "RuntimeError: cannot wait on un-acquired lock");
}

IN_BOTH_DOORS(condition, a_predicate_that_throws_leaves_the_lock_held) {
  const asyncio::Condition cond;
  const auto guard = co_await cond.guard();
  auto failing = []() -> bool { throw asyncio::ValueError("predicate"); };
  EXPECT_EQ(co_await ending(cond.wait_for(failing)), "ValueError: predicate");
  EXPECT_TRUE(cond.locked());
}

IN_BOTH_DOORS(condition, a_cancelled_waiter_leaves_with_the_lock) {
  const asyncio::Condition cond;
  co_await cond.acquire();
  auto waiting = asyncio::create_task(cond.wait());
  co_await settle();
  EXPECT_FALSE(cond.locked());
  waiting.cancel();
  EXPECT_EQ(co_await ending(waiting), "CancelledError");
  EXPECT_TRUE(cond.locked());
}

IN_BOTH_DOORS(condition, a_timeout_leaves_with_the_lock) {
  const asyncio::Condition cond;
  const auto guard = co_await cond.guard();
  EXPECT_EQ(co_await ending(asyncio::wait_for(cond.wait(), 0.5)), "TimeoutError");
  EXPECT_TRUE(cond.locked());
}

// Notified, and cancelled in the lock's line: it waits for the lock all the same, and only then throws.
IN_BOTH_DOORS(condition, cancelled_after_notify_it_still_takes_the_lock_first) {
  const asyncio::Condition cond;
  bool waited = false;
  auto waiting = start([&]() -> Coro<> {
    const auto guard = co_await cond.guard();
    waited = true;
    co_await cond.wait();
  });
  co_await settle();
  co_await cond.acquire();
  cond.notify();
  co_await settle();
  waiting.cancel();
  co_await settle();
  EXPECT_FALSE(waiting.done());
  cond.release();
  EXPECT_EQ(co_await ending(waiting), "CancelledError");
  EXPECT_TRUE(waited);
  EXPECT_FALSE(cond.locked());
}

// CPython's wait_cancel_contested: it is cancelled in the lock's line, right before the lock is released to it.
IN_SERIAL_DOOR(condition, cancelled_in_the_locks_line_it_waits_there_once_more) {
  const asyncio::Condition cond;
  co_await cond.acquire();
  auto waiting = asyncio::create_task(cond.wait());
  co_await asyncio::sleep(0);
  EXPECT_FALSE(cond.locked());
  co_await cond.acquire();
  cond.notify();
  asyncio::get_running_loop().call_soon([&] { waiting.cancel(); });
  asyncio::get_running_loop().call_soon([&] { cond.release(); });
  EXPECT_EQ(co_await ending(waiting), "CancelledError");
  EXPECT_TRUE(cond.locked());
}

IN_BOTH_DOORS(condition, the_last_cancel_is_the_one_that_is_thrown) {
  const asyncio::Condition cond;
  auto waiting = start([&]() -> Coro<> {
    const auto guard = co_await cond.guard();
    auto never = [] { return false; };
    co_await cond.wait_for(never);
  });
  co_await settle();
  co_await cond.acquire();
  for (const char* message : {"first", "second", "third"}) {
    waiting.cancel(message);
    co_await settle();
    EXPECT_FALSE(waiting.done()) << message;
  }
  cond.release();
  EXPECT_EQ(co_await ending(waiting), "CancelledError: third");
  EXPECT_FALSE(cond.locked());
}

// A consumer is notified of the one item there is, and cancelled: before it runs, or when it stands in the lock's line.
// The other one gets it.
static Coro<> hand_over_of_a_notification(bool stands_in_line) {
  const asyncio::Condition cond;
  int items = 0;  // guarded by cond
  auto consume = [&]() -> Coro<> {
    const auto guard = co_await cond.guard();
    for (;;) {
      auto is_some = [&] { return items != 0; };
      co_await cond.wait_for(is_some);
      if (items < 0) co_return;
      --items;
      cond.notify_all();
    }
  };
  auto first = asyncio::create_task(consume);
  co_await settle();
  auto second = asyncio::create_task(consume);
  co_await settle();
  {
    const auto guard = co_await cond.guard();
    ++items;
    cond.notify(1);
    if (stands_in_line) co_await settle();
    first.cancel();
    auto is_none = [&] { return items == 0; };
    EXPECT_EQ(co_await ending(asyncio::wait_for(cond.wait_for(is_none), 0.01)), "returned");
    EXPECT_EQ(items, 0);
    items = -1;
    cond.notify_all();
  }
  EXPECT_EQ(co_await ending(first), "CancelledError");
  co_await second;
}
IN_BOTH_DOORS(condition, a_notification_is_not_lost_with_its_task) { co_await hand_over_of_a_notification(false); }
IN_BOTH_DOORS(condition, nor_when_its_task_already_waits_for_the_lock) { co_await hand_over_of_a_notification(true); }

IN_BOTH_DOORS(condition, conditions_may_share_a_lock) {
  const asyncio::Lock lock;
  const asyncio::Condition not_empty(lock), not_full(lock);
  std::vector<int> shelf;  // guarded by lock
  long sum = 0;
  constexpr int items = 200;
  auto producer = start([&]() -> Coro<> {
    for (int i = 1; i <= items; ++i) {
      const auto guard = co_await not_full.guard();
      auto has_room = [&] { return shelf.size() < 2; };
      co_await not_full.wait_for(has_room);
      shelf.push_back(i);
      not_empty.notify();
    }
  });
  for (int i = 1; i <= items; ++i) {
    const auto guard = co_await lock.guard();
    auto has_item = [&] { return !shelf.empty(); };
    co_await not_empty.wait_for(has_item);
    EXPECT_TRUE(not_full.locked());
    sum += shelf.back();
    shelf.pop_back();
    not_full.notify();
  }
  co_await producer;
  EXPECT_EQ(sum, static_cast<long>(items) * (items + 1) / 2);
  EXPECT_FALSE(lock.locked());
}

// --- C39: semaphore ---

IN_BOTH_DOORS(semaphores, permits_go_round_in_the_order_of_arrival) {
  const asyncio::Semaphore semaphore(1);
  Log seen;
  std::vector<Task<>> tasks;
  for (const char* name : {"c1", "c2", "c3"}) {
    tasks.push_back(start([&, name]() -> Coro<> {
      for (const char* time : {"_1", "_2"}) {
        co_await semaphore.acquire();
        seen(std::string(name) + time);
        co_await asyncio::sleep(0.1);
        semaphore.release();
      }
    }));
    co_await settle();
  }
  for (auto& t : tasks) co_await t;
  EXPECT_EQ(seen.entries(), (Entries{"c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2"}));
}

IN_BOTH_DOORS(semaphores, no_permit_is_lost_with_a_cancelled_waiter) {
  const asyncio::Semaphore semaphore(1);
  co_await semaphore.acquire();
  auto first = start([&]() -> Coro<> { co_await semaphore.acquire(); });
  co_await settle();
  auto second = start([&]() -> Coro<> { co_await semaphore.acquire(); });
  co_await settle();
  first.cancel();
  semaphore.release();
  co_await second;
  EXPECT_EQ(co_await ending(first), "CancelledError");
  EXPECT_TRUE(semaphore.locked());
  semaphore.release();
  const bool taken = co_await semaphore.acquire();
  EXPECT_TRUE(taken);
}

IN_BOTH_DOORS(semaphores, a_bounded_one_keeps_its_bound) {
  EXPECT_EQ(ending_of([] { return asyncio::BoundedSemaphore(-1); }),
            "ValueError: Semaphore initial value must be >= 0");
  const asyncio::BoundedSemaphore semaphore(2);
  EXPECT_EQ(ending_of([&] { semaphore.release(); }), "ValueError: BoundedSemaphore released too many times");
  {
    const auto one = co_await semaphore.guard();
    const auto two = co_await semaphore.guard();
    EXPECT_TRUE(semaphore.locked());
  }
  EXPECT_FALSE(semaphore.locked());
  EXPECT_EQ(ending_of([&] { semaphore.release(); }), "ValueError: BoundedSemaphore released too many times");
}

// --- C39: barrier ---

IN_BOTH_DOORS(barrier, lets_nobody_through_before_all_are_there) {
  constexpr std::size_t parties = 5;
  const asyncio::Barrier barrier(parties);
  EXPECT_EQ(barrier.parties(), parties);
  std::atomic<int> through{0};
  std::vector<Task<std::size_t>> tasks;
  auto pass = [&]() -> Coro<std::size_t> {
    const std::size_t index = co_await barrier.wait();
    through.fetch_add(1);
    co_return index;
  };
  for (std::size_t i = 0; i < parties; ++i) {
    co_await settle();
    EXPECT_EQ(barrier.n_waiting(), i);
    EXPECT_EQ(through.load(), 0);
    tasks.push_back(asyncio::create_task(pass));
  }
  for (std::size_t i = 0; i < parties; ++i) EXPECT_EQ(co_await tasks[i], i);
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_FALSE(barrier.broken());
}

IN_BOTH_DOORS(barrier, of_one_never_waits) {
  const asyncio::Barrier barrier(1);
  for (int i = 0; i < 3; ++i) {
    const std::size_t index = co_await barrier.wait();
    EXPECT_EQ(index, 0u);
    EXPECT_EQ(barrier.n_waiting(), 0u);
  }
}

IN_BOTH_DOORS(barrier, needs_parties) {
  EXPECT_EQ(ending_of([] { return asyncio::Barrier(0); }), "ValueError: parties must be > 0");
  EXPECT_EQ(ending_of([] { return asyncio::Barrier(-4); }), "ValueError: parties must be > 0");
  co_return;
}

// The last round's tasks may not have left when the first come back.
IN_BOTH_DOORS(barrier, keeps_its_rounds_apart) {
  constexpr int parties = 4, rounds = 50;
  const asyncio::Barrier barrier(parties);
  std::atomic<int> arrived{0};
  std::vector<Task<>> tasks;
  for (int i = 0; i < parties; ++i) {
    tasks.push_back(start([&]() -> Coro<> {
      for (int round = 0; round < rounds; ++round) {
        arrived.fetch_add(1);
        co_await barrier.wait();
        const int seen = arrived.load();
        EXPECT_GE(seen, (round + 1) * parties);
        EXPECT_LE(seen, (round + 2) * parties);
      }
    }));
  }
  for (auto& t : tasks) co_await t;
  EXPECT_EQ(arrived.load(), parties * rounds);
  EXPECT_EQ(barrier.n_waiting(), 0u);
}

IN_BOTH_DOORS(barrier, a_cancelled_task_leaves_its_place) {
  const asyncio::Barrier barrier(3);
  std::atomic<int> through{0};
  auto pass = [&]() -> Coro<> {
    co_await barrier.wait();
    through.fetch_add(1);
  };
  auto t1 = asyncio::create_task(pass);
  co_await settle();
  auto t2 = asyncio::create_task(pass);
  co_await settle();
  EXPECT_EQ(barrier.n_waiting(), 2u);
  t1.cancel();
  EXPECT_EQ(co_await ending(t1), "CancelledError");
  co_await settle();
  EXPECT_EQ(barrier.n_waiting(), 1u);
  auto t3 = asyncio::create_task(pass);
  co_await settle();
  EXPECT_EQ(barrier.n_waiting(), 2u);
  EXPECT_EQ(through.load(), 0);
  auto t4 = asyncio::create_task(pass);
  co_await t2;
  co_await t3;
  co_await t4;
  EXPECT_EQ(through.load(), 3);
  EXPECT_FALSE(barrier.broken());
}

IN_BOTH_DOORS(barrier, abort_breaks_it_for_all) {
  const asyncio::Barrier barrier(3);
  auto inside = asyncio::create_task(barrier.wait());
  co_await settle();
  co_await barrier.abort();
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(co_await ending(inside), "BrokenBarrierError: Abort or reset of barrier");
  EXPECT_EQ(co_await ending(barrier.wait()), "BrokenBarrierError: Barrier aborted");
  EXPECT_EQ(barrier.n_waiting(), 0u);
  co_await barrier.reset();
  EXPECT_FALSE(barrier.broken());
  auto again = asyncio::create_task(barrier.wait());
  co_await settle();
  EXPECT_EQ(barrier.n_waiting(), 1u);
  again.cancel();
}

IN_BOTH_DOORS(barrier, reset_sends_away_who_waits) {
  const asyncio::Barrier barrier(5);
  std::vector<Task<std::size_t>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(barrier.wait()));
  co_await settle();
  EXPECT_EQ(barrier.n_waiting(), 4u);
  co_await barrier.reset();
  for (auto& t : tasks) EXPECT_EQ(co_await ending(t), "BrokenBarrierError: Abort or reset of barrier");
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_FALSE(barrier.broken());
  std::vector<Task<std::size_t>> next;
  for (int i = 0; i < 5; ++i) next.push_back(asyncio::create_task(barrier.wait()));
  std::vector<std::size_t> indexes;
  for (auto& t : next) indexes.push_back(co_await t);
  std::sort(indexes.begin(), indexes.end());
  EXPECT_EQ(indexes, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

// Who has drained and comes back stands outside until the rest has left; a reset meanwhile reaches only those inside.
IN_SERIAL_DOOR(barrier, reset_while_it_drains_spares_who_stands_outside) {
  constexpr int parties = 5, outside = parties / 2;
  const asyncio::Barrier barrier(parties);
  int drained = 0, broken_inside = 0, broken_outside = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < parties; ++i) {
    tasks.push_back(start([&]() -> Coro<> {
      bool passed = true;
      try {
        co_await barrier.wait();
      } catch (const asyncio::BrokenBarrierError&) {
        passed = false;
      }
      if (!passed) {
        ++broken_inside;
        co_await barrier.wait();
      } else if (++drained > outside) {
        co_await barrier.reset();
        co_await barrier.wait();
      } else {
        try {
          co_await barrier.wait();
        } catch (const asyncio::BrokenBarrierError&) {
          ++broken_outside;
        }
      }
    }));
  }
  for (auto& t : tasks) co_await t;
  EXPECT_EQ(broken_inside, outside);
  EXPECT_EQ(broken_outside, 0);
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_FALSE(barrier.broken());
}

IN_SERIAL_DOOR(barrier, abort_while_it_drains_breaks_it_for_those_outside_too) {
  constexpr int parties = 5, outside = parties / 2;
  const asyncio::Barrier barrier(parties);
  int drained = 0, broken_inside = 0, broken_outside = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < parties; ++i) {
    tasks.push_back(start([&]() -> Coro<> {
      bool passed = true;
      try {
        co_await barrier.wait();
      } catch (const asyncio::BrokenBarrierError&) {
        passed = false;
      }
      if (!passed) {
        ++broken_inside;
      } else if (++drained > outside) {
        co_await barrier.abort();
      } else {
        try {
          co_await barrier.wait();
        } catch (const asyncio::BrokenBarrierError&) {
          ++broken_outside;
        }
      }
    }));
  }
  for (auto& t : tasks) co_await t;
  EXPECT_TRUE(barrier.broken());
  EXPECT_EQ(broken_inside, outside);
  EXPECT_EQ(broken_outside, parties - outside - 1);
}

// The order below is CPython 3.13's. The one that is cancelled has another look in its place, which goes to the end of
// the line for it.
IN_SERIAL_DOOR(barrier, releases_in_the_order_in_which_they_last_looked) {
  const asyncio::Barrier barrier(4);
  Log order;
  std::vector<Task<>> tasks;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    tasks.push_back(start([&, name]() -> Coro<> {
      const std::size_t index = co_await barrier.wait();
      order(name + std::to_string(index));
    }));
    co_await asyncio::sleep(0);
    if (std::string_view(name) == "c") {
      tasks[1].cancel();
      co_await asyncio::sleep(0);
      co_await asyncio::sleep(0);
    }
  }
  for (int i = 0; i < 5; ++i) {
    if (i != 1) co_await tasks[static_cast<std::size_t>(i)];
  }
  EXPECT_EQ(order.entries(), (Entries{"e3", "c2", "a0", "d2"}));
}

// --- What they look like ---

namespace {

/// With the address taken out.
template <class T>
std::string look(const T& object) {
  std::string text = asyncio::repr(object);
  const std::size_t at = text.find(" at 0x");
  if (at == std::string::npos) return text;
  return text.erase(at, text.find(' ', at + 4) - at);
}

}  // namespace

IN_SERIAL_DOOR(repr, lock_event_semaphore_and_condition) {
  const asyncio::Lock lock;
  EXPECT_EQ(look(lock), "<asyncio.locks.Lock object [unlocked]>");
  co_await lock.acquire();
  EXPECT_EQ(look(lock), "<asyncio.locks.Lock object [locked]>");
  auto waiting = asyncio::create_task(lock.acquire());
  co_await asyncio::sleep(0);
  EXPECT_EQ(look(lock), "<asyncio.locks.Lock object [locked, waiters:1]>");
  waiting.cancel();

  const asyncio::Event event;
  EXPECT_EQ(look(event), "<asyncio.locks.Event object [unset]>");
  auto listening = asyncio::create_task(event.wait());
  co_await asyncio::sleep(0);
  event.set();
  EXPECT_EQ(look(event), "<asyncio.locks.Event object [set, waiters:1]>") << "it has not run yet";
  co_await listening;
  EXPECT_EQ(look(event), "<asyncio.locks.Event object [set]>");

  const asyncio::Semaphore semaphore(2);
  EXPECT_EQ(look(semaphore), "<asyncio.locks.Semaphore object [unlocked, value:2]>");
  co_await semaphore.acquire();
  EXPECT_EQ(look(semaphore), "<asyncio.locks.Semaphore object [unlocked, value:1]>");
  co_await semaphore.acquire();
  EXPECT_EQ(look(semaphore), "<asyncio.locks.Semaphore object [locked]>");
  auto third = asyncio::create_task(semaphore.acquire());
  co_await asyncio::sleep(0);
  EXPECT_EQ(look(semaphore), "<asyncio.locks.Semaphore object [locked, waiters:1]>");
  third.cancel();
  EXPECT_EQ(look(asyncio::BoundedSemaphore(3)), "<asyncio.locks.BoundedSemaphore object [unlocked, value:3]>");

  const asyncio::Condition cond;
  EXPECT_EQ(look(cond), "<asyncio.locks.Condition object [unlocked]>");
  co_await cond.acquire();
  EXPECT_EQ(look(cond), "<asyncio.locks.Condition object [locked]>");
  auto looking = asyncio::create_task(cond.wait());
  co_await asyncio::sleep(0);
  EXPECT_EQ(look(cond), "<asyncio.locks.Condition object [unlocked, waiters:1]>");
  looking.cancel();
}

IN_SERIAL_DOOR(repr, barrier) {
  const asyncio::Barrier barrier(5);
  std::vector<Task<std::size_t>> tasks;
  const auto add = [&](int n) {
    for (; n > 0; --n) tasks.push_back(asyncio::create_task(barrier.wait()));
  };
  EXPECT_EQ(look(barrier), "<asyncio.locks.Barrier object [filling, waiters:0/5]>");
  add(2);
  co_await asyncio::sleep(0);
  EXPECT_EQ(look(barrier), "<asyncio.locks.Barrier object [filling, waiters:2/5]>");
  add(3);
  co_await asyncio::sleep(0);
  EXPECT_EQ(look(barrier), "<asyncio.locks.Barrier object [draining, waiters:0/5]>");
  add(2);
  co_await asyncio::sleep(0);
  co_await barrier.reset();
  EXPECT_EQ(look(barrier), "<asyncio.locks.Barrier object [resetting, waiters:0/5]>");
  add(2);
  co_await asyncio::sleep(0);
  co_await barrier.abort();
  EXPECT_EQ(look(barrier), "<asyncio.locks.Barrier object [broken]>");
  for (auto& t : tasks) co_await ending(t);
}

// --- Threads ---

IN_BOTH_DOORS(threads, wait_in_the_same_lines_as_tasks) {
  constexpr int times = 300;
  const asyncio::Lock lock;
  const asyncio::Semaphore semaphore(2);
  long counter = 0;  // guarded by lock
  std::thread outside([&, lock, semaphore] {
    for (int i = 0; i < times; ++i) {
      const auto permit = semaphore.guard_blocking();
      const auto guard = lock.guard_blocking();
      ++counter;
    }
  });
  std::vector<Task<>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(start([&]() -> Coro<> {
      for (int n = 0; n < times; ++n) {
        const auto permit = co_await semaphore.guard();
        const auto guard = co_await lock.guard();
        const long before = counter;
        if (n % 16 == 0) co_await asyncio::sleep(0);
        counter = before + 1;
      }
    }));
  }
  for (auto& t : tasks) co_await t;
  outside.join();
  EXPECT_EQ(counter, 4L * times);
  EXPECT_FALSE(lock.locked());
  EXPECT_FALSE(semaphore.locked());
}

IN_BOTH_DOORS(threads, share_conditions_events_and_barriers_with_tasks) {
  constexpr int rounds = 50;
  const asyncio::Condition cond;
  const asyncio::Event end;
  const asyncio::Barrier barrier(2);
  int turn = 0;  // guarded by cond: even, the task's; odd, the thread's
  std::thread outside([&, cond, end, barrier] {
    for (int i = 0; i < rounds; ++i) {
      {
        const auto guard = cond.guard_blocking();
        while (turn % 2 == 0) cond.wait_blocking();
        ++turn;
        cond.notify();
      }
      barrier.wait_blocking();
    }
    end.wait_blocking();
  });
  for (int i = 0; i < rounds; ++i) {
    {
      const auto guard = co_await cond.guard();
      auto is_mine = [&] { return turn % 2 == 0; };
      co_await cond.wait_for(is_mine);
      ++turn;
      cond.notify();
    }
    co_await barrier.wait();
  }
  end.set();
  outside.join();
  EXPECT_EQ(turn, 2 * rounds);
}

// A thread whose time is up leaves the line, and what it was granted at that moment is not lost.
TEST(threads, time_out) {
  const asyncio::Lock lock;
  const asyncio::Semaphore semaphore(0);
  const asyncio::Event event;
  const asyncio::Barrier barrier(2);
  const asyncio::Condition cond;
  lock.acquire_blocking();
  EXPECT_EQ(ending_of([&] { lock.acquire_blocking(0); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { lock.acquire_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { semaphore.acquire_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { event.wait_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { barrier.wait_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_EQ(ending_of([&] { cond.wait_blocking(0.002); }), "RuntimeError: cannot wait on un-acquired lock");
  cond.acquire_blocking();
  EXPECT_EQ(ending_of([&] { cond.wait_blocking(0.002); }), "TimeoutError");
  EXPECT_TRUE(cond.locked());
  lock.release();
  lock.acquire_blocking(0);
  semaphore.release();
  semaphore.acquire_blocking(0);
}

// Two threads contend with short limits: the lock is never lost, and never held twice.
TEST(threads, a_grant_that_races_the_timeout_is_kept_or_handed_on) {
  constexpr int times = 400;
  const asyncio::Semaphore semaphore(1);
  std::atomic<int> inside{0}, taken{0};
  const auto contend = [&] {
    for (int i = 0; i < times; ++i) {
      try {
        const auto guard = semaphore.guard_blocking(0.00002);
        EXPECT_EQ(inside.fetch_add(1), 0);
        std::this_thread::yield();
        taken.fetch_add(1);
        inside.fetch_sub(1);
      } catch (const asyncio::TimeoutError&) {
      }
    }
  };
  std::thread one(contend), two(contend), three(contend);
  one.join();
  two.join();
  three.join();
  EXPECT_GT(taken.load(), 0);
  EXPECT_FALSE(semaphore.locked());
}

IN_BOTH_DOORS(threads, may_not_block_where_tasks_run) {
  const asyncio::Lock lock;
  const std::string text = ending_of([&] { lock.acquire_blocking(); });
  EXPECT_EQ(text,
            "RuntimeError: Lock.acquire_blocking() would block the pool: it is for threads outside, here co_await "
            "acquire()");
  std::string in_callback;
  const asyncio::Event called;
  asyncio::get_running_loop().call_soon([&] {
    in_callback = ending_of([&] { lock.acquire_blocking(); });
    called.set();
  });
  co_await called.wait();
  EXPECT_EQ(in_callback, text);
  EXPECT_FALSE(lock.locked());
}

// The thread holds virtual time only while it does not wait: the sleep below would not end otherwise.
IN_BOTH_DOORS(threads, of_to_thread_may_wait_for_what_takes_time) {
  const asyncio::Event event;
  auto wait = [event] { event.wait_blocking(); };
  auto waiting = asyncio::create_task(asyncio::to_thread(wait));
  co_await asyncio::sleep(1);
  EXPECT_FALSE(waiting.done());
  event.set();
  co_await waiting;
}
