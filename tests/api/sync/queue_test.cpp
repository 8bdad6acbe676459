// hocket::Queue against asyncio 3.13's, and what several threads add to it.
#include <hocket/hocket.hpp>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "conformance/doors.hpp"
#include "support/chance.hpp"

using namespace conformance;

namespace {

using numbers = std::vector<int>;

Coro<int> get_one(asyncio::Queue<int> queue) {
  const int item = co_await queue.get();
  co_return item;
}
Coro<> put_one(asyncio::Queue<int> queue, int item) { co_await queue.put(item); }

IN_BOTH_DOORS(queue, gives_items_in_the_order_in_which_they_came) {
  const asyncio::Queue<int> queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.maxsize(), 0);
  for (const int item : {1, 3, 2}) co_await queue.put(item);
  EXPECT_EQ(queue.qsize(), 3u);
  EXPECT_FALSE(queue.full());
  numbers items;
  for (int i = 0; i < 3; ++i) items.push_back(co_await queue.get());
  EXPECT_EQ(items, (numbers{1, 3, 2}));
  EXPECT_TRUE(queue.empty());
}

IN_SERIAL_DOOR(queue, put_with_room_and_get_with_items_take_no_tick) {
  const asyncio::Queue<int> queue(2);
  bool other_ran = false;
  auto other = asyncio::create_task([&]() -> Coro<> {
    other_ran = true;
    co_return;
  });
  co_await queue.join();
  for (int i = 0; i < 100; ++i) {
    co_await queue.put(i);
    const int item = co_await queue.get();
    EXPECT_EQ(item, i);
  }
  EXPECT_FALSE(other_ran);
  co_await other;
}

// CPython: test_maxsize.
IN_SERIAL_DOOR(queue, put_waits_while_it_is_full) {
  const asyncio::Queue<int> queue(2);
  numbers been_put;
  auto putter = asyncio::create_task([&]() -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      co_await queue.put(i);
      been_put.push_back(i);
    }
  });
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
  EXPECT_EQ(been_put, (numbers{0, 1}));
  EXPECT_TRUE(queue.full());
  int item = co_await queue.get();
  EXPECT_EQ(item, 0);
  co_await asyncio::sleep(0);
  EXPECT_EQ(been_put, (numbers{0, 1, 2}));
  item = co_await queue.get();
  EXPECT_EQ(item, 1);
  item = co_await queue.get();
  EXPECT_EQ(item, 2);
  EXPECT_TRUE(putter.done());
}

// What the tutorials print: the producer runs on before the consumer that it woke.
IN_SERIAL_DOOR(queue, put_does_not_run_the_getter) {
  const asyncio::Queue<int> queue;
  std::vector<std::string> seen;
  auto consumer = asyncio::create_task([&]() -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      const int item = co_await queue.get();
      seen.push_back("got " + std::to_string(item));
    }
  });
  co_await asyncio::sleep(0);
  for (int i = 0; i < 2; ++i) {
    co_await queue.put(i);
    seen.push_back("put " + std::to_string(i));
    co_await asyncio::sleep(0);
  }
  co_await consumer;
  EXPECT_EQ(seen, (std::vector<std::string>{"put 0", "got 0", "put 1", "got 1"}));
}

IN_SERIAL_DOOR(queue, getters_are_served_in_order_of_arrival) {
  const asyncio::Queue<int> queue;
  auto first = asyncio::create_task(get_one(queue));
  auto second = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  queue.put_nowait(2);
  const int one = co_await first;
  const int two = co_await second;
  EXPECT_EQ(one, 1);
  EXPECT_EQ(two, 2);
}

// The woken getter finds that a newcomer took the item, and waits again.
IN_SERIAL_DOOR(queue, woken_getter_looks_again) {
  const asyncio::Queue<int> queue;
  auto waiting = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  EXPECT_EQ(queue.qsize(), 1u) << "the item stays until the getter runs";
  EXPECT_EQ(queue.get_nowait(), 1);
  co_await asyncio::sleep(0);
  EXPECT_FALSE(waiting.done());
  queue.put_nowait(2);
  const int item = co_await waiting;
  EXPECT_EQ(item, 2);
}

// A getter that always comes too late ends up at the front of the line.
IN_SERIAL_DOOR(queue, patience_ends) {
  const asyncio::Queue<int> queue;
  auto unlucky = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  for (unsigned i = 0; i < asyncio::sync::patience; ++i) {
    queue.put_nowait(0);
    EXPECT_EQ(queue.get_nowait(), 0);
    co_await asyncio::sleep(0);
  }
  auto newcomer = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  const int item = co_await unlucky;
  EXPECT_EQ(item, 1);
  newcomer.cancel();
}

IN_BOTH_DOORS(queue, nowait_refuses_what_would_wait) {
  const asyncio::Queue<int> queue(1);
  EXPECT_EQ(ending_of([&] { return queue.get_nowait(); }), "QueueEmpty");
  queue.put_nowait(1);
  EXPECT_EQ(ending_of([&] { queue.put_nowait(2); }), "QueueFull");
  EXPECT_EQ(queue.get_nowait(), 1);
  co_return;
}

// CPython: test_get_cancelled_race.
IN_BOTH_DOORS(queue, cancelled_getter_leaves) {
  const asyncio::Queue<int> queue;
  auto first = asyncio::create_task(get_one(queue));
  auto second = asyncio::create_task(get_one(queue));
  co_await settle();
  first.cancel();
  co_await settle();
  EXPECT_TRUE(first.cancelled());
  co_await queue.put(7);
  const int item = co_await second;
  EXPECT_EQ(item, 7);
}

// CPython: test_get_cancel_drop_one_pending_reader and _many_pending_readers.
IN_SERIAL_DOOR(queue, woken_then_cancelled_getter_wakes_the_next) {
  const asyncio::Queue<int> queue;
  auto first = asyncio::create_task(get_one(queue));
  auto second = asyncio::create_task(get_one(queue));
  co_await asyncio::sleep(0);
  queue.put_nowait(1);
  first.cancel();
  const int item = co_await second;
  EXPECT_EQ(item, 1);
  EXPECT_TRUE(first.cancelled());
}

// CPython: test_put_cancelled_race.
IN_SERIAL_DOOR(queue, cancelled_putter_leaves) {
  const asyncio::Queue<int> queue(1);
  auto a = asyncio::create_task(put_one(queue, 1));
  auto b = asyncio::create_task(put_one(queue, 2));
  auto c = asyncio::create_task(put_one(queue, 3));
  co_await asyncio::sleep(0);
  EXPECT_TRUE(a.done());
  EXPECT_FALSE(b.done());
  c.cancel();
  co_await asyncio::sleep(0);
  EXPECT_TRUE(c.done());
  EXPECT_EQ(queue.get_nowait(), 1);
  co_await asyncio::sleep(0);
  EXPECT_EQ(queue.get_nowait(), 2);
  co_await b;
}

IN_SERIAL_DOOR(queue, woken_then_cancelled_putter_wakes_the_next) {
  const asyncio::Queue<int> queue(1);
  queue.put_nowait(0);
  auto first = asyncio::create_task(put_one(queue, 1));
  auto second = asyncio::create_task(put_one(queue, 2));
  co_await asyncio::sleep(0);
  EXPECT_EQ(queue.get_nowait(), 0);
  first.cancel();
  co_await second;
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(queue.get_nowait(), 2);
  EXPECT_TRUE(queue.empty());
}

IN_BOTH_DOORS(queue, join_waits_for_every_task_done) {
  const asyncio::Queue<int> queue;
  for (int i = 0; i < 100; ++i) queue.put_nowait(i);
  std::atomic<int> sum{0};
  std::vector<Task<>> workers;
  for (int i = 0; i < 2; ++i) {
    workers.push_back(asyncio::create_task([&queue, &sum]() -> Coro<> {
      for (;;) {
        const int item = co_await queue.get();
        co_await asyncio::sleep(0);
        sum.fetch_add(item);
        queue.task_done();
      }
    }));
  }
  co_await queue.join();
  EXPECT_EQ(sum.load(), 99 * 100 / 2);
  EXPECT_EQ(ending_of([&] { queue.task_done(); }), "ValueError: task_done() called too many times");
  for (auto& worker : workers) worker.cancel();
  for (auto& worker : workers) {
    const std::string end = co_await ending(worker);
    EXPECT_EQ(end, "CancelledError");
  }
}

IN_BOTH_DOORS(queue, carries_what_can_only_be_moved) {
  const asyncio::Queue<std::unique_ptr<int>> queue(1);
  auto putter = asyncio::create_task([&queue]() -> Coro<> {
    for (int i = 0; i < 10; ++i) co_await queue.put(std::make_unique<int>(i));
  });
  for (int i = 0; i < 10; ++i) {
    const auto item = co_await queue.get();
    EXPECT_EQ(*item, i);
  }
  co_await putter;
}

IN_BOTH_DOORS(queue, its_waits_stand_where_a_coroutine_may) {
  const asyncio::Queue<int> queue(1);
  auto getting = asyncio::create_task(queue.get());
  auto putting = asyncio::create_task(queue.put(1));
  co_await putting;
  const int item = co_await getting;
  EXPECT_EQ(item, 1);
  queue.task_done();

  const std::string late = co_await ending(asyncio::wait_for(queue.get(), 0.1));
  EXPECT_EQ(late, "TimeoutError");
  queue.put_nowait(2);
  const int in_time = co_await asyncio::wait_for(queue.get(), 0.1);
  EXPECT_EQ(in_time, 2);

  auto both = asyncio::gather(queue.get(), queue.put(3), queue.join());
  co_await settle();
  EXPECT_TRUE(queue.empty());
  queue.task_done();
  queue.task_done();
  const auto results = co_await both;
  EXPECT_EQ(std::get<0>(results), 3);
}

// A consumer that is left over when main() ends waits at a queue whose last handle is gone.
TEST(queue, outlives_its_handles_while_somebody_waits) {
  const auto main = []() -> Coro<> {
    auto queue = std::make_unique<asyncio::Queue<int>>();
    auto consumer = asyncio::create_task([&queue]() -> Coro<> { co_await queue->get(); });
    co_await settle();
    queue.reset();
  };
  asyncio::run(main(), {.virtual_clock = true});
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(main(), {.workers = workers, .virtual_clock = true});
}

IN_BOTH_DOORS(queue, plain_threads_may_put_and_get) {
  constexpr int items = 2000;
  const asyncio::Queue<int> in, out(16);
  std::thread producer([in] {
    for (int i = 0; i < items; ++i) in.put_nowait(i);
  });
  long sum = 0;
  for (int i = 0; i < items; ++i) sum += co_await in.get();
  producer.join();
  EXPECT_EQ(sum, static_cast<long>(items) * (items - 1) / 2);

  std::atomic<int> taken{0};
  std::thread consumer([out, &taken] {
    while (taken.load() < items) {
      try {
        out.get_nowait();
        taken.fetch_add(1);
      } catch (const asyncio::QueueEmpty&) {
        std::this_thread::yield();
      }
    }
  });
  for (int i = 0; i < items; ++i) co_await out.put(i);
  consumer.join();
  EXPECT_EQ(taken.load(), items);
}

// Several producers and consumers, some of which are cancelled at any moment: an item that was put is got once or is
// still there.
IN_BOTH_DOORS(queue, conserves_items_under_cancellation) {
  constexpr int rounds = 30, pairs = 4, items = 12;
  std::mt19937_64 chance(hocket::support::test_seed());
  for (int round = 0; round < rounds; ++round) {
    const asyncio::Queue<int> queue(static_cast<std::ptrdiff_t>(chance() % 3));
    std::atomic<int> put{0}, got{0};
    std::vector<Task<>> crowd;
    for (int i = 0; i < pairs; ++i) {
      crowd.push_back(asyncio::create_task([&queue, &put]() -> Coro<> {
        for (int n = 0; n < items; ++n) {
          co_await queue.put(n);
          put.fetch_add(1);
        }
      }));
      crowd.push_back(asyncio::create_task([&queue, &got]() -> Coro<> {
        for (int n = 0; n < items; ++n) {
          co_await queue.get();
          got.fetch_add(1);
        }
      }));
    }
    for (auto& task : crowd) {
      if (chance() % 3 == 0) co_await asyncio::sleep(0);
      if (chance() % 3 == 0) task.cancel();
    }
    // Whoever is still waiting has nobody left on the other side.
    co_await settle();
    const int left = static_cast<int>(queue.qsize());
    EXPECT_EQ(put.load(), got.load() + left) << "round " << round;
    for (auto& task : crowd) {
      if (!task.done()) {
        // Asleep with good reason: a getter of an empty queue or a putter of a full one.
        EXPECT_TRUE(queue.empty() || queue.full()) << "round " << round;
      }
      task.cancel();
      co_await ending(task);
    }
    EXPECT_EQ(put.load(), got.load() + static_cast<int>(queue.qsize())) << "round " << round;
  }
}

}  // namespace
