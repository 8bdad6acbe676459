// What CPython cannot test: tasks that truly run at once. Every race has exactly one outcome, and all who ask are told
// the same.
#include <atomic>
#include <random>
#include <thread>

#include "doors.hpp"
#include "support/chance.hpp"

using namespace conformance;

namespace {

/// Runs `body` in the parallel door at each worker count, in real time.
void in_real_time(claim body) {
  for (const unsigned workers : hocket::support::test_workers()) {
    asyncio::run_parallel(body(), {.workers = workers});
    if (testing::Test::HasFailure()) {
      std::fprintf(stderr, "  with %u workers\n", workers);
      return;
    }
  }
}

/// Burns a random moment, up to some microseconds.
void dawdle(std::minstd_rand& chance) {
  volatile unsigned sink = 0;
  for (unsigned i = chance() % 2000; i > 0; --i) sink = sink + i;
}

}  // namespace

// A value, a timeout and a cancel come at about the same time.
static Coro<> three_way_race() {
  constexpr int rounds = 300;
  std::minstd_rand chance(static_cast<unsigned>(hocket::support::test_seed()));
  for (int i = 0; i < rounds; ++i) {
    auto future = new_future<int>();
    auto waiter = asyncio::create_task(
        [](Future<int> f) -> Coro<std::string> { co_return co_await ending(asyncio::wait_for(f, 0.00002)); }(future));
    auto setter = asyncio::create_task([](Future<int> f, unsigned seed) -> Coro<bool> {
      std::minstd_rand own(seed + 1);
      dawdle(own);
      co_return f.try_set_result(1);
    }(future, static_cast<unsigned>(chance())));
    auto canceller = asyncio::create_task([](Task<std::string> t, unsigned seed) -> Coro<bool> {
      std::minstd_rand own(seed + 1);
      dawdle(own);
      co_return t.cancel();
    }(waiter, static_cast<unsigned>(chance())));
    const bool was_set = co_await setter;
    const bool accepted = co_await canceller;
    const std::string outer = co_await ending(waiter);
    if (outer == "returned") {
      const std::string inner = waiter.result();
      EXPECT_TRUE(inner == "returned" || inner == "TimeoutError" || inner == "CancelledError") << inner;
      if (inner == "returned") EXPECT_TRUE(was_set);
      if (inner == "CancelledError") EXPECT_TRUE(accepted);
    } else {
      EXPECT_EQ(outer, "CancelledError");
      EXPECT_TRUE(accepted);
    }
    EXPECT_EQ(was_set, !future.cancelled());
    EXPECT_TRUE(future.done());
  }
}
TEST(races, value_timeout_and_cancel_have_one_outcome) { in_real_time(&three_way_race); }

static Coro<> many_awaiters() {
  constexpr int rounds = 50, awaiters = 16;
  for (int i = 0; i < rounds; ++i) {
    auto task = asyncio::create_task([]() -> Coro<int> {
      co_await asyncio::sleep(0);
      co_return 7;
    });
    auto ask = [](Task<int> t) -> Coro<std::string> { co_return co_await ending(t); };
    std::vector<Task<std::string>> asked;
    for (int k = 0; k < awaiters; ++k) asked.push_back(asyncio::create_task(ask(task)));
    const bool accepted = i % 2 == 0 && task.cancel();
    for (auto& a : asked) {
      const std::string how = co_await a;
      EXPECT_EQ(how, accepted ? "CancelledError" : "returned");
    }
    EXPECT_EQ(task.cancelled(), accepted);
  }
}
TEST(races, all_awaiters_are_told_the_same) { in_real_time(&many_awaiters); }

static Coro<> a_thousand_failures() {
  constexpr int children = 1000;
  auto gate = new_future<int>();
  // The first failure cancels the others, and one that has not begun would end as cancelled, without a failure.
  std::atomic<int> begun{0};
  auto child = [&begun](Future<int> g, int i) -> Coro<> {
    ++begun;
    try {
      co_await g;
    } catch (const CancelledError&) {
    }
    throw asyncio::ValueError(std::to_string(i));
  };
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    for (int i = 0; i < children; ++i) tg.create_task(child, gate, i);
    while (begun < children) co_await asyncio::sleep(0.001);
    gate.try_set_result(1);
  };
  std::vector<int> seen(children);
  try {
    co_await asyncio::task_group(body);
    ADD_FAILURE() << "no error";
  } catch (const asyncio::ExceptionGroup& group) {
    EXPECT_EQ(group.exceptions().size(), static_cast<std::size_t>(children));
    for (const auto& e : group.exceptions()) {
      const std::string text = describe(e);
      EXPECT_TRUE(text.starts_with("ValueError: ")) << text;
      if (text.starts_with("ValueError: ")) ++seen[static_cast<std::size_t>(std::stoi(text.substr(12)))];
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), children);
}
TEST(races, a_thousand_failing_children_are_each_reported_once) { in_real_time(&a_thousand_failures); }

static Coro<> dropped_handles() {
  constexpr int tasks = 2000;
  std::atomic<int> ended{0};
  for (int i = 0; i < tasks; ++i) {
    auto task = asyncio::create_task([&]() -> Coro<> {
      struct counter {
        std::atomic<int>& n;
        ~counter() { n.fetch_add(1); }
      } at_end{ended};
      co_await asyncio::sleep(0);
    });
    auto other = task;
    asyncio::create_task([](Task<> t) -> Coro<> {
      t.cancel();
      co_return;
    }(std::move(other)));
    // A task that was cancelled before its first step has no frame state to end.
    if (i % 3 == 0) co_await ending(std::move(task));
  }
  while (asyncio::all_tasks().size() > 1) co_await asyncio::sleep(0.001);
  EXPECT_LE(ended.load(), tasks);
}
TEST(races, handles_may_be_dropped_cancelled_and_awaited_at_once) { in_real_time(&dropped_handles); }

// Two tasks wake each other in turn: a lost wake would stop them for ever.
static Coro<> ping_pong() {
  constexpr int rounds = 5000;
  asyncio::Queue<int> there, back;
  auto echo = asyncio::create_task([](asyncio::Queue<int> in, asyncio::Queue<int> out) -> Coro<> {
    for (int i = 0; i < rounds; ++i) {
      const int item = co_await in.get();
      co_await out.put(item + 1);
    }
  }(there, back));
  for (int i = 0; i < rounds; ++i) {
    co_await there.put(i);
    const int item = co_await back.get();
    if (item != i + 1) ADD_FAILURE() << item;
  }
  co_await echo;
}
TEST(races, no_wake_is_lost_between_two_tasks) { in_real_time(&ping_pong); }

// A serial loop keeps its tasks one at a time although any worker may run it.
static Coro<> unguarded_counter() {
  long counter = 0;
  std::vector<Task<>> tasks;
  auto add = [&]() -> Coro<> {
    for (int i = 0; i < 20; ++i) {
      const long seen = counter;
      std::minstd_rand chance(static_cast<unsigned>(seen + 1));
      dawdle(chance);
      counter = seen + 1;
      co_await asyncio::sleep(i % 5 == 0 ? 0.00001 : 0.0);
    }
  };
  for (int i = 0; i < 100; ++i) tasks.push_back(asyncio::create_task(add));
  co_await asyncio::gather(tasks);
  EXPECT_EQ(counter, 2000);
}
TEST(races, a_serial_loop_needs_no_locks) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run(unguarded_counter(), {.workers = workers});
}

// Two serial loops at once, from two threads, and work between them.
TEST(races, serial_loops_of_two_threads_share_the_pool) {
  asyncio::Queue<int> between;
  constexpr int items = 500;
  long sum = 0;
  std::thread producer([&] {
    asyncio::run([](asyncio::Queue<int> q) -> Coro<> {
      for (int i = 1; i <= items; ++i) {
        co_await q.put(i);
        if (i % 10 == 0) co_await asyncio::sleep(0);
      }
    }(between));
  });
  asyncio::run([](asyncio::Queue<int> q, long& total) -> Coro<> {
    for (int i = 0; i < items; ++i) {
      const int item = co_await q.get();
      total += item;
    }
  }(between, sum));
  producer.join();
  EXPECT_EQ(sum, static_cast<long>(items) * (items + 1) / 2);
}

// A task that awaits a gather is cancelled while the children end, of which one swallows its cancel: the request, once
// accepted, is not lost. The gather is held here until its exception has been looked at: ThreadSanitizer does not see
// how libstdc++ counts the references to one.
template <class Gathered>
static Coro<> cancel_who_awaits(Gathered gathered, unsigned seed) {
  auto waiter = asyncio::create_task([](Gathered g) -> Coro<> { co_await g; }, gathered);
  auto canceller = asyncio::create_task([](Task<> t, unsigned s) -> Coro<bool> {
    std::minstd_rand own(s + 1);
    for (unsigned n = s % 8; n > 0; --n) dawdle(own);
    co_return t.cancel();
  }(waiter, seed));
  const bool accepted = co_await canceller;
  const std::string how = co_await ending(waiter);
  EXPECT_EQ(how, accepted ? "CancelledError" : "returned");
}
static Coro<> ends_soon(unsigned seed) {
  std::minstd_rand own(seed + 1);
  dawdle(own);
  co_await asyncio::sleep(0);
  dawdle(own);
}
static Coro<> swallows_its_cancel(unsigned seed) {
  std::minstd_rand own(seed + 1);
  (void)co_await asyncio::as_result(asyncio::sleep(0.00002));
  dawdle(own);
}
static Coro<> cancels_of_a_gather() {
  std::minstd_rand chance(static_cast<unsigned>(hocket::support::test_seed()));
  const auto next = [&] { return static_cast<unsigned>(chance()); };
  for (int i = 0; i < 150; ++i) {
    auto results = asyncio::gather(asyncio::return_exceptions, ends_soon(next()), swallows_its_cancel(next()));
    co_await cancel_who_awaits(results, next());
    auto values = asyncio::gather(swallows_its_cancel(next()), swallows_its_cancel(next()));
    co_await cancel_who_awaits(values, next());
  }
}
TEST(races, a_cancel_of_a_gather_is_not_lost) { in_real_time(&cancels_of_a_gather); }

// Futures end from another thread while the loop in which they are gathered and waited for closes.
TEST(races, an_end_from_elsewhere_may_meet_the_close_of_the_loop) {
  const asyncio::EventLoop other = asyncio::new_event_loop();
  std::minstd_rand chance(static_cast<unsigned>(hocket::support::test_seed()));
  for (int i = 0; i < 200; ++i) {
    auto future = other.create_future<int>();
    using gathered_t = decltype(asyncio::gather(future));
    gathered_t gathered;
    Future<int> shielded;
    std::thread ender;
    asyncio::run([](Future<int> f, gathered_t& g, Future<int>& s, std::thread& t, unsigned seed) -> Coro<> {
      g = asyncio::gather(f);
      s = asyncio::shield(f);
      auto ends = asyncio::as_completed(std::vector<Future<int>>{f});
      t = std::thread([f, seed] {
        std::minstd_rand own(seed + 1);
        dawdle(own);
        f.set_result(1);
      });
      co_return;
    }(future, gathered, shielded, ender, static_cast<unsigned>(chance())));
    ender.join();
    EXPECT_TRUE(gathered.done());
    EXPECT_TRUE(shielded.done());
  }
}
