// Work on every core: parallel, when_all, strands, threads for calls that block.
#include <gtest/gtest.h>

#include <atomic>
#include <hocket/hocket.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/environment.hpp"

namespace asyncio = hocket;
using asyncio::Coro;

namespace {

template <class F>
void at_every_worker_count(F body) {
  for (const unsigned workers : hocket::support::test_workers()) {
    SCOPED_TRACE("workers: " + std::to_string(workers));
    asyncio::RunOptions o;
    o.workers = workers;
    o.virtual_clock = true;
    asyncio::run(body(), o);
    asyncio::run_parallel(body(), o);
  }
}

long fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

Coro<long> fork_fib(int n) {
  if (n < 2) co_return n;
  auto both = co_await asyncio::when_all(fork_fib(n - 1), fork_fib(n - 2));
  co_return std::get<0>(both) + std::get<1>(both);
}

Coro<> compare_fibs() {
  const long forked = co_await fork_fib(16);
  const long called = co_await asyncio::parallel(fib, 16);
  const long both = co_await asyncio::parallel(fork_fib(16));
  EXPECT_EQ(forked, 987);
  EXPECT_EQ(called, 987);
  EXPECT_EQ(both, 987);
}

TEST(parallel, gives_what_the_function_and_the_coroutine_give) { at_every_worker_count(compare_fibs); }

int fail() { throw std::invalid_argument("no"); }

Coro<std::string> text_from_the_pool(std::string text) { co_return text; }

Coro<> compare_texts() {
  const std::string text(100, 'x');  // too long to lie in the string itself, where a move would not show
  EXPECT_EQ(co_await asyncio::parallel(text_from_the_pool(text)), text);
  auto copy = [text] { return text; };
  EXPECT_EQ(co_await asyncio::parallel(copy), text);
}

TEST(parallel, gives_values_that_are_moved) { at_every_worker_count(compare_texts); }

Coro<> catch_from_parallel() {
  std::string text;
  try {
    co_await asyncio::parallel(fail);
  } catch (const std::invalid_argument& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "no");
}

TEST(parallel, throws_what_the_function_throws) { at_every_worker_count(catch_from_parallel); }

Coro<> set_after(double seconds, std::atomic<int>& done) {
  co_await asyncio::sleep(seconds);
  ++done;
}

Coro<> leave_tasks_behind(std::atomic<int>& done) {
  for (int i = 0; i < 8; ++i) asyncio::create_task(set_after(1, done));
  co_return;
}

Coro<> parallel_waits_for_its_tasks() {
  std::atomic<int> done{0};
  co_await asyncio::parallel(leave_tasks_behind(done));
  EXPECT_EQ(done.load(), 8);
}

TEST(parallel, returns_after_the_tasks_that_were_created_inside) {
  at_every_worker_count(parallel_waits_for_its_tasks);
}

void spin_until_cancelled(std::atomic<bool>& started, std::atomic<bool>& cancelled) {
  started = true;
  try {
    for (;;) asyncio::checkpoint();
  } catch (const asyncio::CancelledError&) {
    cancelled = true;
    throw;
  }
}

Coro<> wait_until(std::atomic<bool>& flag) {
  while (!flag) co_await asyncio::sleep(0);
}

Coro<> cancel_a_computation() {
  std::atomic<bool> started{false}, cancelled{false};
  auto task = asyncio::create_task(asyncio::parallel(spin_until_cancelled, std::ref(started), std::ref(cancelled)));
  co_await wait_until(started);
  task.cancel();
  bool seen = false;
  try {
    co_await task;
  } catch (const asyncio::CancelledError&) {
    seen = true;
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(cancelled.load());
}

TEST(parallel, a_cancelled_computation_ends_at_its_next_checkpoint) {
  for (const unsigned workers : {2u, 4u}) {  // one to compute, one to cancel
    asyncio::RunOptions o;
    o.workers = workers;
    o.virtual_clock = true;
    asyncio::run(cancel_a_computation(), o);
    asyncio::run_parallel(cancel_a_computation(), o);
  }
}

Coro<int> square(int x) {
  co_await asyncio::sleep(0.001 * (x % 3));
  co_return x* x;
}

Coro<> sum_of_squares() {
  std::vector<Coro<int>> coros;
  for (int i = 0; i < 200; ++i) coros.push_back(square(i));
  const std::vector<int> squares = co_await asyncio::when_all(std::move(coros));
  EXPECT_EQ(squares.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
}

TEST(when_all, gives_results_in_argument_order) { at_every_worker_count(sum_of_squares); }

Coro<> fail_after(double seconds, const char* text) {
  co_await asyncio::sleep(seconds);
  throw asyncio::ValueError(text);
}

Coro<> count_cancel(std::atomic<int>& cancelled) {
  auto r = co_await asyncio::as_result(asyncio::sleep(1000));
  if (r.cancelled()) ++cancelled;
  r.rethrow();
}

Coro<> first_failure() {
  std::atomic<int> cancelled{0};
  std::string text;
  try {
    co_await asyncio::when_all(count_cancel(cancelled), fail_after(1, "first"), count_cancel(cancelled));
  } catch (const asyncio::ValueError& e) {
    text = e.what();
    EXPECT_EQ(cancelled.load(), 2);
  }
  EXPECT_EQ(text, "first");
}

TEST(when_all, throws_the_first_failure_after_all_children_have_ended) { at_every_worker_count(first_failure); }

Coro<> fork_two(std::atomic<int>& cancelled) {
  co_await asyncio::when_all(count_cancel(cancelled), count_cancel(cancelled));
}

Coro<> cancel_a_fork() {
  std::atomic<int> cancelled{0};
  auto task = asyncio::create_task(fork_two(cancelled));
  co_await asyncio::sleep(1);
  task.cancel();
  auto r = co_await asyncio::as_result(task);
  EXPECT_TRUE(r.cancelled());
  EXPECT_EQ(cancelled.load(), 2);
}

TEST(when_all, a_cancelled_parent_ends_after_its_cancelled_children) { at_every_worker_count(cancel_a_fork); }

Coro<> note_start(std::vector<int>& started, int i) {
  started.push_back(i);
  co_return;
}

Coro<> fork_in_order() {
  std::vector<int> started, expected;
  std::vector<Coro<>> coros;
  for (int i = 0; i < 1000; ++i) {
    coros.push_back(note_start(started, i));
    expected.push_back(i);
  }
  co_await asyncio::when_all(std::move(coros));
  EXPECT_EQ(started, expected);
}

TEST(when_all, children_start_in_argument_order_on_one_worker) {
  asyncio::RunOptions o;
  o.workers = 1;
  o.virtual_clock = true;
  asyncio::run(fork_in_order(), o);
  asyncio::run_parallel(fork_in_order(), o);
}

Coro<> set_flag(bool& flag) {
  flag = true;
  co_return;
}

Coro<> count_before(const bool& flag, int& early) {
  early += !flag;
  co_return;
}

Coro<> fork_many_beside_a_task() {
  bool ran = false;
  int early = 0;
  auto task = asyncio::create_task(set_flag(ran));
  std::vector<Coro<>> coros;
  for (int i = 0; i < 1000; ++i) coros.push_back(count_before(ran, early));
  co_await asyncio::when_all(std::move(coros));
  EXPECT_LT(early, 100);  // the first ones only
  co_await task;
}

TEST(when_all, a_chain_of_children_does_not_keep_a_ready_task_waiting) {
  asyncio::RunOptions o;
  o.workers = 1;
  o.virtual_clock = true;
  asyncio::run_parallel(fork_many_beside_a_task(), o);
}

Coro<bool> sees(asyncio::AnyTask expected) {
  const bool before = asyncio::current_task() == expected;
  co_await asyncio::sleep(0);
  co_return before&& asyncio::current_task() == expected;
}

Coro<> fork_and_compare() {
  const asyncio::AnyTask here = asyncio::current_task();
  auto both = co_await asyncio::when_all(sees(here), sees(here));
  EXPECT_TRUE(std::get<0>(both));
  EXPECT_TRUE(std::get<1>(both));
}

TEST(when_all, a_child_is_a_part_of_the_task_that_waits_for_it) { at_every_worker_count(fork_and_compare); }

Coro<> fork_and_leave_tasks_behind(std::atomic<int>& done) {
  co_await asyncio::when_all(leave_tasks_behind(done), leave_tasks_behind(done));
}

Coro<> parallel_waits_for_tasks_of_children() {
  std::atomic<int> done{0};
  co_await asyncio::parallel(fork_and_leave_tasks_behind(done));
  EXPECT_EQ(done.load(), 16);
}

TEST(parallel, returns_after_the_tasks_that_were_created_by_children_inside) {
  at_every_worker_count(parallel_waits_for_tasks_of_children);
}

Coro<> timeout_in_a_child(std::atomic<int>& timed_out) {
  try {
    co_await asyncio::wait_for(asyncio::sleep(100), 1);
  } catch (const asyncio::TimeoutError&) {
    ++timed_out;
  }
}

Coro<int> seven_after(double seconds) {
  co_await asyncio::sleep(seconds);
  co_return 7;
}

Coro<> one_child_times_out() {
  std::atomic<int> timed_out{0};
  auto both = co_await asyncio::when_all(timeout_in_a_child(timed_out), seven_after(2));
  EXPECT_EQ(std::get<1>(both), 7);
  EXPECT_EQ(timed_out.load(), 1);
}

TEST(when_all, a_timeout_inside_a_child_is_the_childs_own) { at_every_worker_count(one_child_times_out); }

struct unguarded {
  int value = 0;
  bool inside = false;
};

Coro<> add_many(unguarded& u, int times) {
  for (int i = 0; i < times; ++i) {
    EXPECT_FALSE(std::exchange(u.inside, true));
    ++u.value;
    u.inside = false;
    co_await asyncio::sleep(0);
  }
}

Coro<> tasks_of_a_strand() {
  unguarded u;
  asyncio::Strand strand;
  std::vector<asyncio::Task<>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(strand.create_task(add_many(u, 100)));
  co_await asyncio::gather(tasks);
  EXPECT_EQ(u.value, 1000);
}

TEST(strand, its_tasks_never_run_at_once) { at_every_worker_count(tasks_of_a_strand); }

std::thread::id where_am_i() { return std::this_thread::get_id(); }

Coro<> call_on_a_thread() {
  const auto other = co_await asyncio::to_thread(where_am_i);
  EXPECT_NE(other, where_am_i());
  std::string text;
  try {
    co_await asyncio::to_thread(fail);
  } catch (const std::invalid_argument& e) {
    text = e.what();
  }
  EXPECT_EQ(text, "no");
}

TEST(to_thread, runs_elsewhere_and_brings_back_value_or_exception) { at_every_worker_count(call_on_a_thread); }

}  // namespace
