#include "scenario.hpp"

using namespace differential;
using asyncio::BoundedSemaphore;
using asyncio::Event;
using asyncio::Lock;
using asyncio::Semaphore;

namespace {
Coro<> holder(Lock lock, std::string name, double delay) {
  auto held = co_await lock.guard();
  say(name, "in");
  co_await asyncio::sleep(delay);
  say(name, "out");
}

/// Says its name when it has the lock.
Coro<> waiter(Lock lock, std::string name) {
  auto held = co_await lock.guard();
  say(name);
}

Coro<> guest(Semaphore semaphore, std::string name) {
  co_await semaphore.acquire();
  say(name);
}
}  // namespace

SCENARIO(a_lock_is_held_by_one) {
  Lock lock;
  co_await asyncio::gather(holder(lock, "a", 2), holder(lock, "b", 1), holder(lock, "c", 1));
}

SCENARIO(a_free_lock) {
  Lock lock;
  say(lock.locked());
  say(co_await lock.acquire());
  say(lock.locked());
  lock.release();
  say(lock.locked());
  say(how_of([&] { lock.release(); }));
}

SCENARIO(a_lock_goes_to_the_first_in_line) {
  Lock lock;
  co_await lock.acquire();
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(waiter(lock, name)));
  co_await asyncio::sleep(1);
  lock.release();
  co_await asyncio::gather(tasks);
}

SCENARIO(nobody_barges_in_before_who_was_woken) {
  Lock lock;
  co_await lock.acquire();
  auto first = asyncio::create_task(waiter(lock, "waited"));
  co_await asyncio::sleep(1);
  lock.release();
  say("locked", lock.locked());
  co_await waiter(lock, "newcomer");
  co_await first;
}

SCENARIO(a_cancelled_waiter_leaves_the_line) {
  Lock lock;
  co_await lock.acquire();
  auto a = asyncio::create_task(waiter(lock, "a"));
  auto b = asyncio::create_task(waiter(lock, "b"));
  co_await asyncio::sleep(1);
  a.cancel();
  lock.release();
  say(co_await how(a));
  co_await b;
}

SCENARIO(a_waiter_woken_and_cancelled_wakes_the_next) {
  Lock lock;
  co_await lock.acquire();
  auto a = asyncio::create_task(waiter(lock, "a"));
  auto b = asyncio::create_task(waiter(lock, "b"));
  co_await asyncio::sleep(1);
  lock.release();
  a.cancel();
  say(co_await how(a));
  co_await b;
  say(lock.locked());
}

SCENARIO(a_lock_released_by_an_error) {
  Lock lock;
  auto failing = [&]() -> Coro<> {
    auto held = co_await lock.guard();
    throw asyncio::ValueError("inside");
  };
  say(co_await how(failing()));
  say(lock.locked());
}

SCENARIO(a_lock_with_a_timeout) {
  Lock lock;
  co_await lock.acquire();
  say(co_await how(asyncio::wait_for(lock.acquire(), 1)));
  lock.release();
  say(co_await how(asyncio::wait_for(lock.acquire(), 1)));
  say(lock.locked());
}

SCENARIO(a_lock_released_by_another_task) {
  Lock lock;
  co_await lock.acquire();
  auto other = [&]() -> Coro<> {
    co_await asyncio::sleep(1);
    lock.release();
  };
  auto task = asyncio::create_task(other);
  co_await lock.acquire();
  say("mine");
  co_await task;
}

SCENARIO(a_release_with_two_in_line_wakes_one) {
  Lock lock;
  co_await lock.acquire();
  auto one = [&](std::string name) -> Coro<> {
    co_await lock.acquire();
    say(name, "has it");
    co_await asyncio::sleep(1);
    lock.release();
  };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b"}) tasks.push_back(asyncio::create_task(one, name));
  co_await asyncio::sleep(0);
  lock.release();
  co_await asyncio::sleep(0.5);
  say("half time");
  co_await asyncio::gather(tasks);
}

SCENARIO(an_event_wakes_all) {
  Event event;
  auto one = [&](std::string name) -> Coro<> { say(name, co_await event.wait()); };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(one, name));
  co_await asyncio::sleep(1);
  event.set();
  say("set", event.is_set());
  co_await asyncio::gather(tasks);
}

SCENARIO(a_set_event_does_not_wait) {
  Event event;
  say(event.is_set());
  event.set();
  say(co_await event.wait());
  event.clear();
  say(event.is_set());
  say(co_await how(asyncio::wait_for(event.wait(), 1)));
}

SCENARIO(set_then_clear_wakes_who_waited) {
  Event event;
  auto one = [&](std::string name) -> Coro<> {
    co_await event.wait();
    say(name, event.is_set());
  };
  auto a = asyncio::create_task(one, "a"s);
  co_await asyncio::sleep(1);
  event.set();
  event.clear();
  auto b = asyncio::create_task(one, "b"s);
  co_await a;
  co_await asyncio::sleep(1);
  event.set();
  co_await b;
}

SCENARIO(a_cancelled_waiter_of_an_event) {
  Event event;
  auto a = asyncio::create_task(event.wait());
  auto b = asyncio::create_task(event.wait());
  co_await asyncio::sleep(1);
  a.cancel();
  event.set();
  say(co_await how(a));
  say(co_await how(b));
}

SCENARIO(a_semaphore_lets_two_in) {
  Semaphore semaphore(2);
  auto one = [](Semaphore s, std::string name, double delay) -> Coro<> {
    auto permit = co_await s.guard();
    say(name, "in");
    co_await asyncio::sleep(delay);
    say(name, "out");
  };
  co_await asyncio::gather(one(semaphore, "a", 3), one(semaphore, "b", 1), one(semaphore, "c", 1.5),
                           one(semaphore, "d", 1));
}

SCENARIO(a_semaphore_says_whether_it_is_locked) {
  Semaphore semaphore(1);
  say(semaphore.locked());
  say(co_await semaphore.acquire());
  say(semaphore.locked());
  semaphore.release();
  semaphore.release();
  say(semaphore.locked());
}

SCENARIO(a_semaphore_below_zero) {
  say(how_of([] { Semaphore semaphore(-1); }));
  say(how_of([] { BoundedSemaphore semaphore(-1); }));
  co_return;
}

SCENARIO(a_bounded_semaphore_released_too_often) {
  BoundedSemaphore semaphore(1);
  co_await semaphore.acquire();
  semaphore.release();
  say(how_of([&] { semaphore.release(); }));
}

SCENARIO(a_semaphore_is_fair) {
  Semaphore semaphore(1);
  auto one = [](Semaphore s, std::string name) -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      co_await s.acquire();
      say(name, i);
      co_await asyncio::sleep(1);
      s.release();
    }
  };
  co_await asyncio::gather(one(semaphore, "a"), one(semaphore, "b"), one(semaphore, "c"));
}

SCENARIO(a_semaphore_of_zero_waits_for_a_release) {
  Semaphore semaphore(0);
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(guest(semaphore, name)));
  co_await asyncio::sleep(1);
  semaphore.release();
  semaphore.release();
  co_await asyncio::sleep(1);
  say(std::vector<bool>{tasks[0].done(), tasks[1].done(), tasks[2].done()});
  semaphore.release();
  co_await asyncio::gather(tasks);
}

SCENARIO(a_permit_of_a_cancelled_waiter_goes_to_the_next) {
  Semaphore semaphore(0);
  auto a = asyncio::create_task(semaphore.acquire());
  auto b = asyncio::create_task(semaphore.acquire());
  co_await asyncio::sleep(1);
  semaphore.release();
  a.cancel();
  say(co_await how(a));
  say(co_await how(b));
  say(semaphore.locked());
}

SCENARIO(a_permit_that_comes_with_the_timeout) {
  Semaphore semaphore(0);
  auto task = asyncio::create_task(asyncio::wait_for(semaphore.acquire(), 1));
  co_await asyncio::sleep(2);
  semaphore.release();
  say(co_await how(task));
  say(semaphore.locked());
}

SCENARIO(nobody_barges_in_at_a_semaphore) {
  Semaphore semaphore(0);
  auto waited = asyncio::create_task(guest(semaphore, "waited"));
  co_await asyncio::sleep(1);
  semaphore.release();
  auto newcomer = asyncio::create_task(guest(semaphore, "newcomer"));
  co_await asyncio::sleep(1);
  semaphore.release();
  co_await asyncio::gather(waited, newcomer);
}

SCENARIO(the_three_in_a_row) {
  Lock lock;
  Semaphore semaphore(1);
  Event event;
  auto one = [&](std::string name) -> Coro<> {
    co_await event.wait();
    auto permit = co_await semaphore.guard();
    auto held = co_await lock.guard();
    say(name);
    co_await asyncio::sleep(0);
  };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c", "d"}) tasks.push_back(asyncio::create_task(one, name));
  co_await asyncio::sleep(1);
  event.set();
  tasks[1].cancel();
  for (auto& task : tasks) say(co_await how(task));
}
