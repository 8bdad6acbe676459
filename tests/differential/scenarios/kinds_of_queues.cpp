#include "scenario.hpp"

using namespace differential;
using asyncio::LifoQueue;
using asyncio::PriorityQueue;
using asyncio::Queue;

namespace {
template <class T>
std::vector<T> taken_from(Queue<T> queue) {
  std::vector<T> all;
  while (!queue.empty()) all.push_back(queue.get_nowait());
  return all;
}
}  // namespace

SCENARIO(the_least_comes_first) {
  PriorityQueue<int> queue;
  for (int n : {5, 1, 4, 1, 3}) co_await queue.put(n);
  say(taken_from<int>(queue));
}

SCENARIO(pairs_by_priority) {
  PriorityQueue<std::pair<int, std::string>> queue;
  queue.put_nowait({2, "code"});
  queue.put_nowait({1, "eat"});
  queue.put_nowait({3, "sleep"});
  queue.put_nowait({1, "drink"});
  std::vector<std::string> names;
  for (const auto& [priority, name] : taken_from<std::pair<int, std::string>>(queue)) names.push_back(name);
  say(names);
  co_return;
}

SCENARIO(the_newest_comes_first) {
  LifoQueue<int> queue;
  for (int n = 0; n < 4; ++n) co_await queue.put(n);
  say(co_await queue.get());
  queue.put_nowait(9);
  say(taken_from<int>(queue));
}

SCENARIO(a_getter_that_waits_for_the_least) {
  PriorityQueue<int> queue;
  auto getter = [&](std::string name) -> Coro<> { say(name, co_await queue.get()); };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b"}) tasks.push_back(asyncio::create_task(getter, name));
  co_await asyncio::sleep(1);
  for (int n : {3, 2, 1}) queue.put_nowait(n);
  co_await asyncio::gather(tasks);
  say(taken_from<int>(queue));
}

SCENARIO(putters_wait_for_room_in_a_stack) {
  LifoQueue<int> queue(2);
  auto putter = [&](int n) -> Coro<> {
    co_await queue.put(n);
    say("put", n);
  };
  std::vector<Task<>> tasks;
  for (int n = 0; n < 5; ++n) tasks.push_back(asyncio::create_task(putter, n));
  co_await asyncio::sleep(1);
  while (!queue.empty()) {
    say("got", co_await queue.get());
    co_await asyncio::sleep(1);
  }
  co_await asyncio::gather(tasks);
}

SCENARIO(a_queue_that_is_shut_down) {
  Queue<std::string> queue;
  queue.put_nowait("left");
  queue.shutdown();
  say(how_of([&] { queue.put_nowait("x"); }));
  say(co_await how(queue.put("x")));
  say(co_await queue.get());
  say(co_await how(queue.get()));
  say(how_of([&] { return queue.get_nowait(); }));
  queue.shutdown();
  queue.task_done();
  auto joined = [&]() -> Coro<> { co_await queue.join(); };
  say(co_await how(joined()));
}

SCENARIO(shut_down_at_once) {
  Queue<int> queue;
  for (int n = 0; n < 3; ++n) queue.put_nowait(n);
  auto joined = [&]() -> Coro<> { co_await queue.join(); };
  auto joiner = asyncio::create_task(joined);
  co_await asyncio::sleep(1);
  queue.shutdown(true);
  say(queue.qsize(), queue.empty());
  say(co_await how(joiner));
  say(co_await how(queue.get()));
  say(how_of([&] { queue.task_done(); }));
}

SCENARIO(shut_down_with_an_item_in_hand) {
  Queue<std::string> queue;
  queue.put_nowait("a");
  queue.put_nowait("b");
  say(co_await queue.get());
  auto joined = [&]() -> Coro<> { co_await queue.join(); };
  auto joiner = asyncio::create_task(joined);
  queue.shutdown(true);
  co_await asyncio::sleep(1);
  say(joiner.done());
  queue.task_done();
  say(co_await how(joiner));
}

SCENARIO(getters_wait_as_it_is_shut_down) {
  Queue<std::string> queue;
  auto getter = [&](std::string name) -> Coro<> { say(name, co_await how(queue.get())); };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(getter, name));
  co_await asyncio::sleep(1);
  queue.put_nowait("only");
  queue.shutdown();
  say("shut down");
  co_await asyncio::gather(tasks);
}

SCENARIO(putters_wait_as_it_is_shut_down) {
  Queue<int> queue(1);
  auto putter = [&](int n) -> Coro<> { say(n, co_await how(queue.put(n))); };
  std::vector<Task<>> tasks;
  for (int n = 0; n < 3; ++n) tasks.push_back(asyncio::create_task(putter, n));
  co_await asyncio::sleep(1);
  queue.shutdown();
  co_await asyncio::gather(tasks);
  say(taken_from(queue));
}

SCENARIO(workers_until_the_shutdown) {
  Queue<int> queue(2);
  auto one = [&](std::string name, double pace) -> Coro<> {
    try {
      while (true) {
        const int item = co_await queue.get();
        co_await asyncio::sleep(pace);
        say(name, "did", item);
        queue.task_done();
      }
    } catch (const asyncio::QueueShutDown&) {
      say(name, "goes home");
    }
  };
  std::vector<Task<>> workers{asyncio::create_task(one, "a"s, 1), asyncio::create_task(one, "b"s, 1.7)};
  for (int n = 0; n < 6; ++n) co_await queue.put(n);
  queue.shutdown();
  co_await queue.join();
  say("all done");
  co_await asyncio::gather(workers);
}

SCENARIO(a_cancelled_getter_of_a_queue_shut_down) {
  PriorityQueue<int> queue;
  auto a = asyncio::create_task(queue.get());
  auto b = asyncio::create_task(queue.get());
  co_await asyncio::sleep(1);
  queue.shutdown();
  a.cancel();
  say(co_await how(a));
  say(co_await how(b));
}

SCENARIO(sizes_of_a_queue) {
  LifoQueue<int> queue(2);
  say(queue.maxsize(), queue.qsize(), queue.empty(), queue.full());
  queue.put_nowait(1);
  queue.put_nowait(2);
  say(queue.qsize(), queue.empty(), queue.full());
  say(how_of([&] { queue.put_nowait(3); }));
  PriorityQueue<int> endless(-1);
  endless.put_nowait(1);
  say(endless.maxsize(), endless.full());
  say(how_of([&] { return endless.get_nowait(); }));
  say(how_of([&] { return endless.get_nowait(); }));
  co_return;
}
