#include "scenario.hpp"

using namespace differential;
using asyncio::Queue;

SCENARIO(first_in_first_out) {
  Queue<int> queue;
  for (int i = 0; i < 3; ++i) co_await queue.put(i);
  std::vector<int> items;
  for (int i = 0; i < 3; ++i) items.push_back(co_await queue.get());
  say(items);
}

SCENARIO(producer_and_consumer) {
  Queue<int> queue;
  auto producer = [](Queue<int> q) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      say("put", i);
      co_await q.put(i);
      co_await asyncio::sleep(1);
    }
  };
  auto consumer = [](Queue<int> q) -> Coro<> {
    for (int i = 0; i < 3; ++i) say("got", co_await q.get());
  };
  co_await asyncio::gather(producer(queue), consumer(queue));
}

SCENARIO(put_waits_for_room) {
  Queue<int> queue(1);
  auto producer = [&]() -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await queue.put(i);
      say("put", i, queue.qsize());
    }
  };
  auto task = asyncio::create_task(producer);
  co_await asyncio::sleep(1);
  for (int i = 0; i < 3; ++i) {
    say("got", co_await queue.get());
    co_await asyncio::sleep(1);
  }
  co_await task;
}

SCENARIO(a_full_and_an_empty_queue) {
  Queue<int> queue(2);
  say(queue.empty(), queue.full(), queue.qsize(), queue.maxsize());
  queue.put_nowait(1);
  queue.put_nowait(2);
  say(queue.empty(), queue.full(), queue.qsize());
  say(how_of([&] { queue.put_nowait(3); }));
  const int first = queue.get_nowait();
  say(first, queue.get_nowait());
  say(how_of([&] { return queue.get_nowait(); }));
  co_return;
}

SCENARIO(getters_are_served_in_their_order) {
  Queue<int> queue;
  auto getter = [&](std::string name) -> Coro<> { say(name, co_await queue.get()); };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(getter, name));
  co_await asyncio::sleep(1);
  for (int i = 0; i < 3; ++i) queue.put_nowait(i);
  for (auto& task : tasks) co_await task;
}

SCENARIO(putters_are_served_in_their_order) {
  Queue<int> queue(1);
  auto putter = [&](int i) -> Coro<> {
    co_await queue.put(i);
    say("put", i);
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(asyncio::create_task(putter, i));
  co_await asyncio::sleep(1);
  for (int i = 0; i < 3; ++i) say("got", co_await queue.get());
  for (auto& task : tasks) co_await task;
}

SCENARIO(a_cancelled_getter_loses_no_item) {
  Queue<std::string> queue;
  auto getter = asyncio::create_task(queue.get());
  co_await asyncio::sleep(1);
  queue.put_nowait("item");
  getter.cancel();
  say(co_await how(getter));
  const auto size = queue.qsize();
  say(size, co_await queue.get());
}

SCENARIO(a_cancelled_getter_passes_its_wake_on) {
  Queue<std::string> queue;
  auto first = asyncio::create_task(queue.get());
  auto second = asyncio::create_task(queue.get());
  co_await asyncio::sleep(1);
  queue.put_nowait("item");
  first.cancel();
  say(co_await how(first));
  say(co_await how(second));
}

SCENARIO(a_cancelled_putter_puts_nothing) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  auto putter = asyncio::create_task(queue.put(2));
  co_await asyncio::sleep(1);
  putter.cancel();
  say(co_await how(putter));
  const int left = queue.get_nowait();
  say(left, queue.qsize());
}

SCENARIO(a_cancelled_putter_passes_its_room_on) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  auto first = asyncio::create_task(queue.put(2));
  auto second = asyncio::create_task(queue.put(3));
  co_await asyncio::sleep(1);
  say(queue.get_nowait());
  first.cancel();
  say(co_await how(first));
  say(co_await how(second));
  say(queue.get_nowait());
}

SCENARIO(a_newcomer_may_take_the_item_before_who_was_woken) {
  Queue<int> queue;
  auto getter = [&](std::string name) -> Coro<> { say(name, co_await queue.get()); };
  auto task = asyncio::create_task(getter, "waited"s);
  co_await asyncio::sleep(1);
  queue.put_nowait(1);
  say("newcomer", queue.get_nowait());
  co_await asyncio::sleep(1);
  queue.put_nowait(2);
  co_await task;
}

SCENARIO(a_newcomer_may_take_the_room_before_who_was_woken) {
  Queue<int> queue(1);
  queue.put_nowait(0);
  auto putter = [&]() -> Coro<> {
    co_await queue.put(1);
    say("put at last");
  };
  auto task = asyncio::create_task(putter);
  co_await asyncio::sleep(1);
  queue.get_nowait();
  queue.put_nowait(2);
  co_await asyncio::sleep(1);
  say(queue.get_nowait());
  co_await task;
  say(queue.get_nowait());
}

SCENARIO(join_waits_for_every_task_done) {
  Queue<int> queue;
  for (int i = 0; i < 3; ++i) queue.put_nowait(i);
  auto consumer = [&]() -> Coro<> {
    while (true) {
      const int item = co_await queue.get();
      co_await asyncio::sleep(1);
      say("done", item);
      queue.task_done();
    }
  };
  auto task = asyncio::create_task(consumer);
  co_await queue.join();
  say("joined");
  task.cancel();
  say(co_await how(task));
}

SCENARIO(join_of_an_empty_queue) {
  Queue<int> queue;
  co_await queue.join();
  say("joined");
}

SCENARIO(several_join) {
  Queue<int> queue;
  queue.put_nowait(1);
  auto joiner = [&](std::string name) -> Coro<> {
    co_await queue.join();
    say(name, "joined");
  };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b"}) tasks.push_back(asyncio::create_task(joiner, name));
  co_await asyncio::sleep(1);
  queue.get_nowait();
  queue.task_done();
  for (auto& task : tasks) co_await task;
}

SCENARIO(task_done_too_often) {
  Queue<int> queue;
  queue.put_nowait(1);
  queue.get_nowait();
  queue.task_done();
  say(how_of([&] { queue.task_done(); }));
  co_return;
}

SCENARIO(two_workers_share_ten_items) {
  Queue<std::optional<int>> queue(3);
  auto worker = [](Queue<std::optional<int>> q, std::string name, double pace) -> Coro<> {
    while (true) {
      const auto item = co_await q.get();
      if (!item) break;
      say(name, *item);
      co_await asyncio::sleep(pace);
    }
  };
  auto producer = [](Queue<std::optional<int>> q) -> Coro<> {
    for (int i = 0; i < 10; ++i) co_await q.put(i);
    co_await q.put(std::nullopt);
    co_await q.put(std::nullopt);
  };
  co_await asyncio::gather(producer(queue), worker(queue, "fast", 1), worker(queue, "slow", 2.5));
}

SCENARIO(get_with_a_timeout) {
  Queue<int> queue;
  say(co_await how(asyncio::wait_for(queue.get(), 1)));
  queue.put_nowait(5);
  say(co_await how(asyncio::wait_for(queue.get(), 1)));
}

SCENARIO(an_item_that_comes_with_the_timeout) {
  Queue<std::string> queue;
  auto getter = [&]() -> Coro<std::string> { co_return co_await asyncio::wait_for(queue.get(), 2); };
  auto task = asyncio::create_task(getter);
  co_await asyncio::sleep(1);
  queue.put_nowait("in time");
  say(co_await how(task));
  say(queue.qsize());
}

SCENARIO(a_ring_of_queues) {
  Queue<int> first, second;
  auto player = [](Queue<int> mine, Queue<int> other, std::string name) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      const int ball = co_await mine.get();
      say(name, ball);
      co_await other.put(ball + 1);
    }
  };
  auto a = asyncio::create_task(player(first, second, "ping"));
  auto b = asyncio::create_task(player(second, first, "pong"));
  co_await first.put(0);
  co_await a;
  co_await b;
  say(first.qsize(), second.qsize());
}
