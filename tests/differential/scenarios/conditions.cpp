#include <deque>

#include "scenario.hpp"

using namespace differential;
using asyncio::BoundedSemaphore;
using asyncio::Condition;
using asyncio::Lock;

SCENARIO(who_is_notified_goes_on) {
  Condition condition;
  auto waiter = [&](std::string name) -> Coro<> {
    auto held = co_await condition.guard();
    say(name, "waits");
    say(name, co_await condition.wait());
  };
  auto a = asyncio::create_task(waiter, "a"s);
  auto b = asyncio::create_task(waiter, "b"s);
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    condition.notify();
    say("notified");
  }
  co_await a;
  say("b is done:", b.done());
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    condition.notify();
  }
  co_await b;
}

SCENARIO(the_notified_run_one_after_another) {
  Condition condition;
  auto waiter = [&](std::string name) -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
    say(name, "has the lock");
    co_await asyncio::sleep(1);
    say(name, "gives it back");
  };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c", "d"}) tasks.push_back(asyncio::create_task(waiter, name));
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    condition.notify(2);
    say("two are notified");
    co_await asyncio::sleep(1);
    say("and run now");
  }
  co_await asyncio::sleep(5);
  say(std::vector<bool>{tasks[0].done(), tasks[1].done(), tasks[2].done(), tasks[3].done()});
  {
    auto held = co_await condition.guard();
    condition.notify_all();
  }
  co_await asyncio::gather(tasks);
}

SCENARIO(more_are_notified_than_wait) {
  Condition condition;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
    say("goes on");
  };
  {
    auto held = co_await condition.guard();
    condition.notify(3);
  }
  auto task = asyncio::create_task(waiter);
  co_await asyncio::sleep(1);
  say(task.done());
  {
    auto held = co_await condition.guard();
    condition.notify(3);
  }
  co_await task;
}

SCENARIO(a_condition_without_its_lock) {
  Condition condition;
  say(condition.locked());
  say(co_await how(condition.wait()));
  say(how_of([&] { condition.notify(); }));
  say(how_of([&] { condition.notify_all(); }));
  say(how_of([&] { condition.release(); }));
  say(co_await how(condition.wait_for([] { return false; })));
  say(co_await condition.wait_for([] { return 5; }));
}

SCENARIO(waiting_for_a_predicate) {
  Condition condition;
  int n = 0;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    auto there = [&] { return n == 3; };
    say("gives", co_await condition.wait_for(there));
  };
  auto task = asyncio::create_task(waiter);
  for (int i = 0; i < 3; ++i) {
    co_await asyncio::sleep(1);
    auto held = co_await condition.guard();
    ++n;
    condition.notify_all();
  }
  co_await task;
}

SCENARIO(a_predicate_that_throws) {
  Condition condition;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait_for([]() -> bool { throw asyncio::ValueError("looked"); });
  };
  say(co_await how(waiter()));
  say(condition.locked());
}

SCENARIO(cancelled_while_it_waits) {
  Condition condition;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    auto result = co_await asyncio::as_result(condition.wait());
    say("leaves; locked", condition.locked());
    result.rethrow();
  };
  auto task = asyncio::create_task(waiter);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
  say(condition.locked());
}

SCENARIO(cancelled_while_somebody_has_the_lock) {
  Condition condition;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    auto result = co_await asyncio::as_result(condition.wait());
    say("leaves with the lock");
    result.rethrow();
  };
  auto task = asyncio::create_task(waiter);
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    task.cancel("first");
    co_await asyncio::sleep(1);
    task.cancel("second");
    co_await asyncio::sleep(1);
    say("done", task.done());
  }
  say(co_await how(task));
}

SCENARIO(cancelled_after_it_was_notified) {
  Condition condition;
  auto waiter = [&](std::string name) -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
    say(name, "goes on");
  };
  auto a = asyncio::create_task(waiter, "a"s);
  auto b = asyncio::create_task(waiter, "b"s);
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    condition.notify();
    a.cancel();
  }
  say(co_await how(a));
  say(co_await how(b));
}

SCENARIO(an_error_after_the_wait_tells_nobody) {
  Condition condition;
  auto failing = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
    throw asyncio::ValueError("of its own");
  };
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
  };
  auto a = asyncio::create_task(failing);
  auto b = asyncio::create_task(waiter);
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    condition.notify();
  }
  say(co_await how(a));
  co_await asyncio::sleep(1);
  say(b.done());
  b.cancel();
  say(co_await how(b));
}

SCENARIO(a_wait_with_a_timeout) {
  Condition condition;
  {
    auto held = co_await condition.guard();
    say(co_await how(asyncio::wait_for(condition.wait(), 1)));
    say(condition.locked());
  }
  say(condition.locked());
}

SCENARIO(a_notification_that_comes_with_the_timeout) {
  Condition condition;
  auto waiter = [&](std::string name, double limit) -> Coro<> {
    auto held = co_await condition.guard();
    say(name, co_await how(asyncio::wait_for(condition.wait(), limit)));
  };
  auto a = asyncio::create_task(waiter, "a"s, 2);
  auto b = asyncio::create_task(waiter, "b"s, 9);
  co_await asyncio::sleep(1);
  {
    auto held = co_await condition.guard();
    co_await asyncio::sleep(1.5);
    condition.notify();
  }
  co_await a;
  co_await b;
}

SCENARIO(two_conditions_of_one_lock) {
  Lock lock;
  Condition full(lock), empty(lock);
  std::deque<int> items;
  auto producer = [&]() -> Coro<> {
    for (int i = 0; i < 4; ++i) {
      auto held = co_await lock.guard();
      while (items.size() == 2) co_await empty.wait();
      items.push_back(i);
      say("put", i);
      full.notify();
    }
  };
  auto consumer = [&]() -> Coro<> {
    for (int i = 0; i < 4; ++i) {
      {
        auto held = co_await lock.guard();
        while (items.empty()) co_await full.wait();
        say("got", items.front());
        items.pop_front();
        empty.notify();
      }
      co_await asyncio::sleep(1);
    }
  };
  auto one = asyncio::create_task(producer), other = asyncio::create_task(consumer);
  co_await asyncio::gather(one, other);
  say(lock.locked(), full.locked(), empty.locked());
}

SCENARIO(a_waiter_that_a_newcomer_overtakes) {
  Condition condition;
  auto waiter = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    co_await condition.wait();
    say("notified");
  };
  auto newcomer = [&]() -> Coro<> {
    auto held = co_await condition.guard();
    say("newcomer");
    co_await asyncio::sleep(0);
  };
  auto task = asyncio::create_task(waiter);
  co_await asyncio::sleep(1);
  co_await condition.acquire();
  std::vector<Task<>> all{task};
  for (int i = 0; i < 2; ++i) all.push_back(asyncio::create_task(newcomer));
  co_await asyncio::sleep(0);
  condition.notify();
  condition.release();
  co_await asyncio::gather(all);
}

SCENARIO(a_bounded_semaphore_is_a_semaphore) {
  auto guest = [](BoundedSemaphore semaphore, std::string name, double delay) -> Coro<> {
    auto permit = co_await semaphore.guard();
    say(name, "in");
    co_await asyncio::sleep(delay);
    say(name, "out");
  };
  BoundedSemaphore semaphore(2);
  co_await asyncio::gather(guest(semaphore, "a", 3), guest(semaphore, "b", 1), guest(semaphore, "c", 1.5),
                           guest(semaphore, "d", 1));
  say(semaphore.locked(), how_of([&] { semaphore.release(); }));
}

SCENARIO(a_bounded_semaphore_full_again_after_a_cancel) {
  BoundedSemaphore semaphore(1);
  co_await semaphore.acquire();
  auto task = asyncio::create_task(semaphore.acquire());
  co_await asyncio::sleep(1);
  semaphore.release();
  task.cancel();
  say(co_await how(task));
  say(semaphore.locked(), how_of([&] { semaphore.release(); }));
}
