// on_tbb: values, errors and cancels between a task and oneTBB; who works, and on which threads.
#include <gtest/gtest.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <hocket/hocket.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/tbb/tbb.hpp>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "at_every_count.hpp"
#include "support/eventually.hpp"

namespace asyncio = hocket;
using asyncio::Coro;
using hocket::support::eventually;
using hocket::tests::at_every_count;
using hocket::tests::at_worker_counts;

namespace {

constexpr int endless = 2'000'000'000;

long threads_of_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

// A slow machine makes any function look like one that hogs: its followers are nobody else's threads.
long followers() { return static_cast<long>(asyncio::running_loop().sched().counters().followers); }

void spin_us(int us) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(us);
  while (std::chrono::steady_clock::now() < until) {
  }
}

Coro<> until(std::atomic<bool>& flag) {
  while (!flag) co_await asyncio::sleep(0.0005);
}

Coro<> values() {
  const auto sum = [] {
    return tbb::parallel_reduce(
        tbb::blocked_range<long>(0, 10'000), 0L,
        [](const tbb::blocked_range<long>& r, long so_far) {
          for (long i = r.begin(); i != r.end(); ++i) so_far += i;
          return so_far;
        },
        std::plus<>());
  };
  const long total = co_await asyncio::on_tbb(sum);
  EXPECT_EQ(total, 49'995'000);
  int local = 0;
  auto set = [&local] { local = 5; };
  co_await asyncio::on_tbb(set);
  EXPECT_EQ(local, 5);
  const auto make = [] { return std::make_unique<int>(6); };
  const std::unique_ptr<int> made = co_await asyncio::on_tbb(make);
  EXPECT_EQ(*made, 6);
  const auto refer = [&local]() -> int& { return local; };
  int& same = co_await asyncio::on_tbb(refer);
  EXPECT_EQ(&same, &local);
}

TEST(on_tbb, gives_what_the_function_gives) { at_every_count(values); }

Coro<> errors() {
  std::string text;
  auto leaf_fails = [] {
    tbb::parallel_for(0, 10'000, [](int i) {
      if (i == 5000) throw std::domain_error("leaf");
    });
  };
  try {
    co_await asyncio::on_tbb(leaf_fails);
  } catch (const std::domain_error& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "leaf");
  auto fails = [] { throw asyncio::ValueError("function"); };
  try {
    co_await asyncio::on_tbb(fails);
  } catch (const asyncio::ValueError& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "function");
}

TEST(on_tbb, throws_what_the_function_and_its_tbb_work_throw) { at_every_count(errors); }

// --- cancelling ---

/// Starts `work`, a coroutine that says when it has begun, cancels it, and looks at how it ended.
Coro<> cancel_when_begun(Coro<> work, std::atomic<bool>& begun, std::atomic<int>& calls) {
  auto task = asyncio::create_task(std::move(work));
  co_await until(begun);
  task.cancel();
  auto r = co_await asyncio::as_result(task);
  EXPECT_TRUE(r.cancelled());
  const int at_end = calls;
  co_await asyncio::sleep(0.002);
  EXPECT_EQ(calls.load(), at_end) << "the await ended before TBB had stopped";
  EXPECT_LT(at_end, endless / 2);
}

Coro<> cancel_a_loop() {
  std::atomic<bool> begun{false};
  std::atomic<int> calls{0};
  auto body = [&](int) {
    begun = true;
    ++calls;
    spin_us(1);
  };
  co_await cancel_when_begun(asyncio::parallel_for(0, endless, body), begun, calls);
}

TEST(parallel_for, a_cancel_stops_it_at_the_next_piece) { at_every_count(cancel_a_loop); }

Coro<> cancel_plain_tbb() {
  std::atomic<bool> begun{false};
  std::atomic<int> calls{0};
  auto body = [&] {
    tbb::parallel_for(
        0, endless,
        [&](int) {
          begun = true;
          ++calls;
          spin_us(1);
        },
        tbb::simple_partitioner());
  };
  co_await cancel_when_begun(asyncio::on_tbb(body), begun, calls);
}

TEST(on_tbb, a_cancel_stops_tbb_code_that_knows_nothing_of_it) { at_every_count(cancel_plain_tbb); }

Coro<> cancel_a_checkpoint() {
  std::atomic<bool> begun{false};
  std::atomic<int> calls{0};
  std::atomic<bool> saw{false};
  auto body = [&] {
    begun = true;
    try {
      for (;;) asyncio::checkpoint();
    } catch (const asyncio::CancelledError&) {
      saw = true;
      throw;
    }
  };
  co_await cancel_when_begun(asyncio::on_tbb(body), begun, calls);
  EXPECT_TRUE(saw.load());
}

TEST(on_tbb, a_cancel_is_thrown_at_a_checkpoint) { at_every_count(cancel_a_checkpoint); }

Coro<> cancel_before() {
  std::atomic<int> calls{0};
  auto body = [&calls] { ++calls; };
  auto task = asyncio::create_task(asyncio::on_tbb(body));
  co_await asyncio::sleep(0);  // it is queued now, and this worker is the only one
  task.cancel();
  auto r = co_await asyncio::as_result(task);
  EXPECT_TRUE(r.cancelled());
  EXPECT_EQ(calls.load(), 0);
}

TEST(on_tbb, a_cancel_before_it_starts_means_that_the_function_is_not_called) {
  asyncio::RunOptions o;
  o.workers = 1;
  o.virtual_clock = true;
  asyncio::run(cancel_before(), o);
}

Coro<> cancel_and_take_back() {
  std::atomic<bool> begun{false};
  auto body = [&begun](int) {
    begun = true;
    spin_us(1);
  };
  auto task = asyncio::create_task(asyncio::parallel_for(0, endless, body));
  co_await until(begun);
  task.cancel();
  task.uncancel();
  auto r = co_await asyncio::as_result(task);
  EXPECT_TRUE(r.cancelled()) << "a loop that was given up must not look like one that was done";
}

TEST(parallel_for, a_cancel_that_is_taken_back_too_late_ends_it_all_the_same) { at_every_count(cancel_and_take_back); }

Coro<> cancel_itself() {
  auto body = [] {
    tbb::task::current_context()->cancel_group_execution();
    tbb::parallel_for(0, endless, [](int) {});
    return 1;
  };
  auto r = co_await asyncio::as_result(asyncio::on_tbb(body));
  EXPECT_EQ(r.value(), 1) << "a function that ends its own TBB work early still has a value";
}

TEST(on_tbb, a_function_may_cancel_its_own_tbb_work) { at_every_count(cancel_itself); }

Coro<> time_out() {
  auto body = [](int) { spin_us(1); };
  bool timed_out = false;
  try {
    co_await asyncio::wait_for(asyncio::parallel_for(0, endless, body), 0.005);
  } catch (const asyncio::TimeoutError&) {
    timed_out = true;
  }
  EXPECT_TRUE(timed_out);
}

TEST(parallel_for, a_timeout_ends_it) { at_every_count(time_out); }

// --- threads ---

Coro<> meet() {
  std::atomic<int> arrived{0};
  auto arrive = [&arrived] {
    ++arrived;
    EXPECT_TRUE(eventually([&] { return arrived.load() == 2; })) << "nobody else came";
  };
  auto arrive_too = arrive;
  co_await asyncio::parallel_invoke(arrive, arrive_too);
}

TEST(lending, an_idle_worker_takes_part) { at_worker_counts({2, 4}, meet); }

Coro<> meet_again_and_again() {
  for (int i = 0; i < 50; ++i) co_await meet();
}

TEST(lending, an_idle_worker_takes_part_each_time) { at_worker_counts({2}, meet_again_and_again); }

Coro<> count_threads() {
  std::atomic<long> most{0};
  std::mutex mutex;
  std::set<std::thread::id> who;
  const long before = threads_of_process() - followers();
  auto body = [&](int) {
    most = std::max(most.load(), threads_of_process());
    const std::lock_guard lock(mutex);
    who.insert(std::this_thread::get_id());
  };
  co_await asyncio::parallel_for(0, 300, body);
  auto plain = [&] { tbb::parallel_for(0, 300, body, tbb::simple_partitioner()); };
  co_await asyncio::on_tbb(plain);
  EXPECT_TRUE(eventually([&] { return most.load() <= before + followers(); })) << most << " threads, not " << before;
  EXPECT_LE(who.size(), asyncio::running_loop().sched().workers());
}

TEST(lending, makes_no_thread) { at_every_count(count_threads); }

// User code that knows nothing of hocket::tbb's functions, in an ordinary task.
Coro<> plain_tbb_in_a_task() {
  const long before = threads_of_process() - followers();
  std::atomic<long> most{0};
  std::set<std::thread::id> who;  // no lock: all of it runs on the calling thread
  tbb::parallel_for(0, 300, [&](int) {
    most = std::max(most.load(), threads_of_process());
    who.insert(std::this_thread::get_id());
  });
  EXPECT_TRUE(eventually([&] { return most.load() <= before + followers(); })) << most << " threads, not " << before;
  EXPECT_EQ(who.size(), 1u);
  co_return;
}

TEST(plain_tbb, does_not_oversubscribe_in_a_task) { at_every_count(plain_tbb_in_a_task); }

// Every worker computes for TBB; only a worker runs what parallel() is given. So one of them has to come back.
Coro<> needs_a_worker() {
  std::atomic<bool> stop{false}, both{false};
  std::mutex mutex;
  std::set<std::thread::id> who;
  auto body = [&](int) {
    if (stop) throw asyncio::ValueError("stopped");
    spin_us(1);
    if (both) return;
    const std::lock_guard lock(mutex);
    who.insert(std::this_thread::get_id());
    both = who.size() == 2;
  };
  auto computing = asyncio::create_task(asyncio::parallel_for(0, endless, body));
  co_await until(both);
  auto tell = [&stop] { stop = true; };
  co_await asyncio::parallel(tell);
  auto r = co_await asyncio::as_result(computing);
  EXPECT_THROW(r.rethrow(), asyncio::ValueError);
}

TEST(lending, a_lent_worker_comes_back_for_work) {
  for (int i = 0; i < 10; ++i) at_worker_counts({2}, needs_a_worker);
}

Coro<> posts_from_a_leaf() {
  asyncio::Event event;
  std::atomic<int> heard{0};
  auto listener = [&]() -> Coro<> {
    co_await event.wait();
    ++heard;
  };
  auto a = asyncio::create_task(listener);
  auto b = asyncio::create_task(listener);
  co_await asyncio::sleep(0.001);
  // Every leaf waits until the tasks that it woke have run: others must run them.
  auto body = [&](int) {
    event.set();
    EXPECT_TRUE(eventually([&] { return heard.load() == 2; }));
  };
  co_await asyncio::parallel_for(0, 4, body);
  co_await asyncio::gather(a, b);
}

TEST(lending, what_a_piece_wakes_is_run_meanwhile) {
  for (const unsigned workers : {1u, 2u, 4u}) {
    asyncio::RunOptions o;
    o.workers = workers;
    asyncio::run_parallel(posts_from_a_leaf(), o);
  }
}

}  // namespace
