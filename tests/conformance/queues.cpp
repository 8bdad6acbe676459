// Queues: group C40, and what else CPython's test_queues.py claims, for each kind of queue.
#include <atomic>
#include <memory>
#include <thread>
#include <tuple>

#include "doors.hpp"

using namespace conformance;

namespace {

using numbers = std::vector<int>;
using entry = std::pair<int, std::string>;

Coro<int> get_one(asyncio::Queue<int> queue) {
  const int item = co_await queue.get();
  co_return item;
}
Coro<> put_one(asyncio::Queue<int> queue, int item) { co_await queue.put(item); }

/// Runs the claim for each kind of queue; they differ in the order of items only.
template <class Claim>
Coro<> for_each_kind(Claim claim) {
  std::vector<asyncio::Queue<int>> fifo, of_one;
  fifo.push_back(asyncio::Queue<int>());
  fifo.push_back(asyncio::LifoQueue<int>());
  fifo.push_back(asyncio::PriorityQueue<int>());
  of_one.push_back(asyncio::Queue<int>(1));
  of_one.push_back(asyncio::LifoQueue<int>(1));
  of_one.push_back(asyncio::PriorityQueue<int>(1));
  for (std::size_t i = 0; i < 3; ++i) co_await claim(fifo[i], of_one[i]);
}

/// That nothing goes in or comes out any more.
Coro<> expect_shut(asyncio::Queue<int> queue) {
  EXPECT_EQ(co_await ending(queue.put(1)), "QueueShutDown");
  EXPECT_EQ(ending_of([&] { queue.put_nowait(1); }), "QueueShutDown");
  EXPECT_EQ(co_await ending(queue.get()), "QueueShutDown");
  EXPECT_EQ(ending_of([&] { return queue.get_nowait(); }), "QueueShutDown");
  const auto next = co_await queue.next();
  EXPECT_FALSE(next.has_value());
}

template <class Q>
Coro<numbers> in_and_out(Q queue, numbers in) {
  for (const int item : in) co_await queue.put(item);
  numbers out;
  while (!queue.empty()) {
    const int item = co_await queue.get();
    out.push_back(item);
  }
  co_return out;
}

}  // namespace

IN_BOTH_DOORS(queues, give_items_in_their_order) {
  const numbers in = {1, 3, 2};
  const numbers first = co_await in_and_out(asyncio::Queue<int>(), in);
  const numbers newest = co_await in_and_out(asyncio::LifoQueue<int>(), in);
  const numbers least = co_await in_and_out(asyncio::PriorityQueue<int>(), in);
  const numbers greatest = co_await in_and_out(asyncio::PriorityQueue<int, std::greater<>>(), in);
  EXPECT_EQ(first, (numbers{1, 3, 2}));
  EXPECT_EQ(newest, (numbers{2, 3, 1}));
  EXPECT_EQ(least, (numbers{1, 2, 3}));
  EXPECT_EQ(greatest, (numbers{3, 2, 1}));
}

// The order of equal priorities is heapq's, and so is the list that a repr shows (both as CPython 3.13 gives them).
IN_BOTH_DOORS(queues, equal_priorities_come_out_as_from_heapq) {
  struct by_first {
    bool operator()(const entry& a, const entry& b) const { return a.first < b.first; }
  };
  const asyncio::PriorityQueue<entry, by_first> queue;
  const int priorities[] = {3, 1, 2, 1, 3, 2, 1, 2, 3, 1};
  for (int i = 0; i < 10; ++i) queue.put_nowait({priorities[i], std::string(1, static_cast<char>('a' + i))});
  std::string order;
  for (int i = 0; i < 5; ++i) order += queue.get_nowait().second;
  queue.put_nowait({1, "k"});
  queue.put_nowait({2, "l"});
  while (!queue.empty()) order += queue.get_nowait().second;
  EXPECT_EQ(order, "bgdjckflheai");

  const asyncio::PriorityQueue<int> plain;
  for (const int item : {5, 3, 4, 1, 2}) plain.put_nowait(item);
  EXPECT_EQ(asyncio::str(plain), "<PriorityQueue maxsize=0 _queue=[1, 2, 4, 5, 3] tasks=5>");
  co_return;
}

IN_BOTH_DOORS(queues, a_cancelled_getter_takes_nothing_along) {
  co_await for_each_kind([](asyncio::Queue<int> queue, asyncio::Queue<int>) -> Coro<> {
    auto first = asyncio::create_task(get_one(queue));
    co_await settle();
    auto second = asyncio::create_task(get_one(queue));
    co_await settle();
    first.cancel();
    queue.put_nowait(7);
    const int item = co_await second;
    EXPECT_EQ(item, 7);
    EXPECT_EQ(co_await ending(first), "CancelledError");
    EXPECT_TRUE(queue.empty());
  });
}

// Woken for an item, and cancelled before it runs: the next getter takes it.
IN_BOTH_DOORS(queues, a_woken_getter_that_is_cancelled_wakes_the_next) {
  for (int round = 0; round < 20; ++round) {
    const asyncio::Queue<int> queue;
    auto first = asyncio::create_task(get_one(queue));
    co_await settle();
    auto second = asyncio::create_task(get_one(queue));
    co_await settle();
    queue.put_nowait(1);
    first.cancel();
    co_await settle();
    EXPECT_TRUE(queue.empty());
    EXPECT_NE(first.done() && !first.cancelled(), second.done()) << "one of them has it";
    queue.put_nowait(2);
    co_await settle();
    co_await ending(first);
    EXPECT_TRUE(second.done());
  }
}

IN_BOTH_DOORS(queues, waiting_putters_are_served) {
  const asyncio::Queue<std::string> queue(1);
  auto a = asyncio::create_task(queue.put("a"));
  co_await settle();
  auto b = asyncio::create_task(queue.put("b"));
  const std::string first = co_await queue.get();
  const std::string second = co_await queue.get();
  EXPECT_EQ(first + second, "ab");
}

IN_BOTH_DOORS(queues, a_cancelled_putter_puts_nothing) {
  const asyncio::Queue<int> queue(1);
  queue.put_nowait(1);
  auto a = asyncio::create_task(put_one(queue, 2));
  co_await settle();
  auto b = asyncio::create_task(put_one(queue, 3));
  co_await settle();
  a.cancel();
  EXPECT_EQ(co_await ending(a), "CancelledError");
  EXPECT_EQ(queue.get_nowait(), 1);
  co_await b;
  EXPECT_EQ(queue.get_nowait(), 3);
  EXPECT_TRUE(queue.empty());
}

// CPython's get_cancel_drop and put_cancel_drop, to the tick.
IN_SERIAL_DOOR(queues, items_stay_in_order_when_readers_are_cancelled) {
  const asyncio::Queue<int> queue;
  auto reader = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  queue.put_nowait(2);
  reader.cancel();
  EXPECT_EQ(co_await ending(reader), "CancelledError");
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_EQ(queue.get_nowait(), 2);

  auto first = asyncio::create_task(get_one(queue));
  auto second = asyncio::create_task(get_one(queue));
  auto third = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  queue.put_nowait(2);
  first.cancel();
  co_await ending(first);
  const int to_second = co_await second;
  EXPECT_EQ(to_second, 1);
  const int to_third = co_await third;
  EXPECT_EQ(to_third, 2);
}

IN_BOTH_DOORS(queues, join_returns_when_all_is_done) {
  co_await for_each_kind([](asyncio::Queue<int> queue, asyncio::Queue<int>) -> Coro<> {
    EXPECT_EQ(ending_of([&] { queue.task_done(); }), "ValueError: task_done() called too many times");
    co_await queue.join();
    for (int i = 0; i < 100; ++i) queue.put_nowait(i);
    std::atomic<int> sum{0};
    std::vector<Task<>> workers;
    for (int i = 0; i < 2; ++i) {
      auto sum_up = [queue, &sum]() -> Coro<> {
        ASYNC_FOR(int item, queue) {
          sum.fetch_add(item);
          queue.task_done();
        }
      };
      workers.push_back(asyncio::create_task(sum_up));
    }
    co_await queue.join();
    EXPECT_EQ(sum.load(), 4950);
    queue.shutdown();
    for (auto& w : workers) co_await w;
  });
}

IN_BOTH_DOORS(queues, shut_down_when_empty) {
  co_await for_each_kind([](asyncio::Queue<int> queue, asyncio::Queue<int>) -> Coro<> {
    auto getter = asyncio::create_task(get_one(queue));
    co_await settle();
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 0u);
    co_await queue.join();
    EXPECT_EQ(co_await ending(getter), "QueueShutDown");
    co_await expect_shut(queue);
  });
}

IN_BOTH_DOORS(queues, shut_down_with_items_in_it) {
  co_await for_each_kind([](asyncio::Queue<int>, asyncio::Queue<int> queue) -> Coro<> {
    queue.put_nowait(1);
    auto joining = asyncio::create_task(queue.join());
    auto putting = asyncio::create_task(put_one(queue, 2));
    co_await settle();
    EXPECT_FALSE(putting.done());
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 1u);
    EXPECT_EQ(co_await ending(putting), "QueueShutDown");
    const int left = co_await queue.get();
    EXPECT_EQ(left, 1);
    co_await settle();
    EXPECT_FALSE(joining.done());
    co_await expect_shut(queue);
    queue.task_done();
    co_await joining;
    EXPECT_EQ(ending_of([&] { queue.task_done(); }), "ValueError: task_done() called too many times");
  });
}

IN_BOTH_DOORS(queues, shut_down_at_once) {
  co_await for_each_kind([](asyncio::Queue<int> queue, asyncio::Queue<int>) -> Coro<> {
    queue.put_nowait(1);
    queue.put_nowait(2);
    auto joining = asyncio::create_task(queue.join());
    co_await queue.get();
    queue.shutdown(true);  // two unfinished, one of them taken
    EXPECT_EQ(queue.qsize(), 0u);
    co_await settle();
    EXPECT_FALSE(joining.done()) << "one was taken and is not done";
    co_await expect_shut(queue);
    queue.task_done();
    co_await joining;
    EXPECT_EQ(ending_of([&] { queue.task_done(); }), "ValueError: task_done() called too many times");
    queue.shutdown();
  });
}

IN_BOTH_DOORS(queues, shut_down_twice_the_second_time_at_once) {
  const asyncio::Queue<int> queue;
  queue.put_nowait(1);
  auto joining = asyncio::create_task(queue.join());
  queue.shutdown();
  co_await settle();
  EXPECT_FALSE(joining.done());
  queue.shutdown(true);
  co_await joining;
  co_await expect_shut(queue);
}

// What is dropped ends after the queue's lock is free: its end may use the queue.
IN_BOTH_DOORS(queues, an_items_end_may_use_the_queue) {
  struct nosy {
    explicit nosy(std::function<void()> f) : at_end(std::make_shared<closer>(std::move(f))) {}
    struct closer {
      explicit closer(std::function<void()> f) : call(std::move(f)) {}
      closer(const closer&) = delete;
      ~closer() { call(); }
      std::function<void()> call;
    };
    std::shared_ptr<closer> at_end;
  };
  const asyncio::Queue<nosy> queue;
  std::size_t seen = 99;
  queue.put_nowait(nosy([&] { seen = queue.qsize(); }));
  queue.shutdown(true);
  EXPECT_EQ(seen, 0u);
  co_return;
}

IN_BOTH_DOORS(queues, next_ends_where_get_would_throw) {
  const asyncio::Queue<int> queue(2);
  auto producer = asyncio::create_task([&]() -> Coro<> {
    for (int i = 0; i < 10; ++i) co_await queue.put(i);
    queue.shutdown();
  });
  numbers seen;
  ASYNC_FOR(int item, queue) {
    if (item == 7) continue;
    seen.push_back(item);
    if (item == 8) break;
  }
  EXPECT_EQ(seen, (numbers{0, 1, 2, 3, 4, 5, 6, 8}));
  const auto last = co_await queue.next();
  EXPECT_EQ(last, 9);
  const auto end = co_await asyncio::wait_for(queue.next(), 1);
  EXPECT_EQ(end, std::nullopt);
  co_await producer;
}

IN_BOTH_DOORS(queues, carry_what_can_only_be_moved) {
  struct by_value {
    bool operator()(const std::unique_ptr<int>& a, const std::unique_ptr<int>& b) const { return *a < *b; }
  };
  const asyncio::PriorityQueue<std::unique_ptr<int>, by_value> queue;
  const asyncio::LifoQueue<std::unique_ptr<int>> stack(1);
  for (const int i : {2, 0, 1}) queue.put_nowait(std::make_unique<int>(i));
  queue.shutdown();
  auto mover = asyncio::create_task([&]() -> Coro<> {
    ASYNC_FOR(auto item, queue) co_await stack.put(std::move(item));
    stack.shutdown();
  });
  for (int i = 0; i < 3; ++i) {
    const auto item = co_await stack.get();
    EXPECT_EQ(*item, i);
  }
  co_await mover;
}

IN_BOTH_DOORS(queues, a_derived_one_is_a_queue) {
  const asyncio::PriorityQueue<int> priorities(3);
  const asyncio::Queue<int> same = priorities;
  EXPECT_TRUE(same == priorities);
  same.put_nowait(2);
  same.put_nowait(1);
  EXPECT_EQ(priorities.get_nowait(), 1);
  EXPECT_EQ(same.maxsize(), 3);
  same.put_nowait(1);
  same.put_nowait(1);
  EXPECT_TRUE(priorities.full());
  EXPECT_EQ(ending_of([&] { priorities.put_nowait(5); }), "QueueFull");
  co_return;
}

IN_SERIAL_DOOR(queues, look_as_in_python) {
  const asyncio::Queue<int> queue(1);
  const std::string text = asyncio::repr(queue);
  EXPECT_EQ(text.substr(0, 12), "<Queue at 0x");
  EXPECT_EQ(text.substr(text.find(' ', 10)), " maxsize=1>");
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1>");
  auto getter = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1 _getters[1]>");
  queue.put_nowait(1);
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1 _queue=[1] tasks=1>");
  co_await getter;
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1 tasks=1>");
  queue.put_nowait(2);
  auto putter = asyncio::create_task(put_one(queue, 3));
  co_await asyncio::sleep(0);
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1 _queue=[2] _putters[1] tasks=2>");
  queue.shutdown();
  EXPECT_EQ(asyncio::str(queue), "<Queue maxsize=1 _queue=[2] tasks=2 shutdown>");
  co_await ending(putter);
  const asyncio::LifoQueue<std::string> stack;
  stack.put_nowait("a");
  stack.put_nowait("b");
  EXPECT_EQ(asyncio::str(stack), "<LifoQueue maxsize=0 _queue=['a', 'b'] tasks=2>");
}

// --- Threads ---

IN_BOTH_DOORS(queues, connect_plain_threads_with_tasks) {
  constexpr int items = 500;
  const asyncio::Queue<int> in(4), out(4);
  std::thread producer([in] {
    for (int i = 1; i <= items; ++i) in.put_blocking(i);
    in.shutdown();
  });
  std::atomic<long> sum{0};
  std::thread consumer([out, &sum] {
    while (const auto item = out.next_blocking()) {
      sum.fetch_add(*item);
      out.task_done();
    }
  });
  std::vector<Task<>> workers;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(asyncio::create_task([&]() -> Coro<> {
      ASYNC_FOR(int item, in) co_await out.put(2 * item);
    }));
  }
  for (auto& w : workers) co_await w;
  co_await out.join();
  EXPECT_EQ(sum.load(), static_cast<long>(items) * (items + 1));
  out.shutdown();
  producer.join();
  consumer.join();
}

TEST(queues, threads_time_out_and_see_the_end) {
  const asyncio::Queue<int> queue(1);
  EXPECT_EQ(ending_of([&] { return queue.get_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { return queue.next_blocking(0); }), "TimeoutError");
  queue.put_blocking(1);
  EXPECT_EQ(ending_of([&] { queue.put_blocking(2, 0.002); }), "TimeoutError");
  EXPECT_EQ(ending_of([&] { queue.join_blocking(0.002); }), "TimeoutError");
  EXPECT_EQ(queue.get_blocking(), 1);
  queue.task_done();
  queue.join_blocking();
  std::thread waiting([queue] { EXPECT_EQ(ending_of([&] { return queue.get_blocking(); }), "QueueShutDown"); });
  queue.shutdown();
  waiting.join();
  EXPECT_EQ(ending_of([&] { queue.put_blocking(2); }), "QueueShutDown");
  EXPECT_EQ(queue.next_blocking(), std::nullopt);
}

IN_BOTH_DOORS(queues, may_not_block_where_tasks_run) {
  const asyncio::Queue<int> queue;
  EXPECT_EQ(ending_of([&] { return queue.get_blocking(); }),
            "RuntimeError: Queue.get_blocking() would block the pool: it is for threads outside, here co_await get()");
  EXPECT_EQ(
      ending_of([&] { queue.put_blocking(1); }),
      "RuntimeError: Queue.put_blocking() would block the pool: it is for threads outside, here co_await put(...)");
  EXPECT_TRUE(queue.empty());
  co_return;
}
