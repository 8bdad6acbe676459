// gather and wait: what tutorials and programs rely on (groups C10 to C12, C16 to C19).
#include "doors.hpp"

using namespace conformance;

namespace {

Coro<int> value_after(int value, double seconds) {
  co_await asyncio::sleep(seconds);
  co_return value;
}

Coro<int> fail_after(double seconds) {
  co_await asyncio::sleep(seconds);
  throw asyncio::ValueError("child");
}

}  // namespace

IN_BOTH_DOORS(gather, gives_results_in_argument_order_whatever_ends_first) {
  auto [a, b, c] = co_await asyncio::gather(value_after(1, 0.3), value_after(2, 0.1), value_after(3, 0.2));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2);
  EXPECT_EQ(c, 3);
}

IN_BOTH_DOORS(gather, of_a_vector_gives_a_vector) {
  std::vector<Coro<int>> coros;
  for (int i = 0; i < 20; ++i) coros.push_back(value_after(i, 0.01 * (20 - i)));
  const std::vector<int> values = co_await asyncio::gather(std::move(coros));
  EXPECT_EQ(values.size(), 20u);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], static_cast<int>(i));
}

IN_BOTH_DOORS(gather, of_tasks_gives_their_results) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(asyncio::create_task(value_after(i, 0.1)));
  const std::vector<int> values = co_await asyncio::gather(tasks);
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], static_cast<int>(i));
}

IN_BOTH_DOORS(gather, one_task_twice_runs_once_and_gives_its_result_twice) {
  int runs = 0;
  auto task = asyncio::create_task([&]() -> Coro<int> {
    ++runs;
    co_await asyncio::sleep(0.1);
    co_return 7;
  });
  auto [a, b] = co_await asyncio::gather(task, task);
  EXPECT_EQ(a, 7);
  EXPECT_EQ(b, 7);
  EXPECT_EQ(runs, 1);
}

IN_BOTH_DOORS(gather, of_nothing_is_done) {
  std::vector<Task<int>> none;
  auto future = asyncio::gather(none);
  const std::vector<int> values = co_await future;
  EXPECT_TRUE(values.empty());
}

IN_BOTH_DOORS(gather, raises_the_first_error_at_once_and_lets_the_siblings_go_on) {
  const double start = now();
  auto sibling = asyncio::create_task(value_after(5, 1));
  EXPECT_EQ(co_await ending(asyncio::gather(fail_after(0.1), sibling)), "ValueError: child");
  EXPECT_NEAR(now() - start, 0.1, 0.01);
  EXPECT_FALSE(sibling.done());
  EXPECT_EQ(co_await sibling, 5);
}

IN_BOTH_DOORS(gather, a_cancelled_child_raises_but_does_not_cancel_the_gather) {
  auto child = asyncio::create_task(value_after(1, 10));
  auto sibling = asyncio::create_task(value_after(2, 1));
  auto gathered = asyncio::gather(child, sibling);
  co_await settle();
  child.cancel();
  EXPECT_EQ(co_await ending(gathered), "CancelledError");
  EXPECT_FALSE(gathered.cancelled());
  EXPECT_EQ(co_await sibling, 2);
}

IN_BOTH_DOORS(gather, cancelling_its_awaiter_cancels_every_child) {
  Log log;
  auto child = [&](std::string name) -> Coro<> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      log(name);
      throw;
    }
  };
  auto first = asyncio::create_task(child, std::string("first"));
  auto second = asyncio::create_task(child, std::string("second"));
  auto outer = asyncio::create_task([&]() -> Coro<> { co_await asyncio::gather(first, second); });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  co_await settle();
  EXPECT_EQ(log.sorted(), (Entries{"first", "second"}));
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
}

IN_SERIAL_DOOR(gather, starts_its_coroutines_in_argument_order) {
  Log log;
  auto child = [&](std::string name) -> Coro<> {
    log(name);
    co_return;
  };
  // Made one after the other: C++ leaves open which argument of a call is evaluated first, and g++ begins with the
  // last.
  auto a = asyncio::create_task(child, std::string("a"));
  auto b = asyncio::create_task(child, std::string("b"));
  auto gathered = asyncio::gather(a, b);
  EXPECT_TRUE(log.entries().empty());  // created, not run
  co_await gathered;
  EXPECT_EQ(log.entries(), (Entries{"a", "b"}));
}

// --- wait ---

IN_SERIAL_DOOR(wait, first_exception_gives_the_failed_and_leaves_the_rest) {
  const double start = now();
  std::vector<Task<int>> tasks{asyncio::create_task(value_after(1, 10)), asyncio::create_task([]() -> Coro<int> {
                                 throw asyncio::ValueError("at once");
                                 co_return 0;
                               })};
  asyncio::WaitOptions options;
  options.return_when = asyncio::FIRST_EXCEPTION;
  auto [done, pending] = co_await asyncio::wait(tasks, options);
  EXPECT_EQ(done.size(), 1u);
  EXPECT_EQ(pending.size(), 1u);
  EXPECT_TRUE(done[0] == tasks[1]);
  EXPECT_TRUE(pending[0] == tasks[0]);
  EXPECT_EQ(now() - start, 0);
  tasks[0].cancel();
}

IN_SERIAL_DOOR(wait, first_completed_counts_all_that_ended_before_it_resumed) {
  auto child = []() -> Coro<int> { co_return 1; };
  std::vector<Task<int>> tasks{asyncio::create_task(child), asyncio::create_task(child)};
  asyncio::WaitOptions options;
  options.return_when = asyncio::FIRST_COMPLETED;
  auto [done, pending] = co_await asyncio::wait(tasks, options);
  EXPECT_EQ(done.size(), 2u);
  EXPECT_TRUE(pending.empty());
}

IN_BOTH_DOORS(wait, a_timeout_gives_the_pending_back_and_neither_raises_nor_cancels) {
  const double start = now();
  std::vector<Task<int>> tasks{asyncio::create_task(value_after(1, 0.1)), asyncio::create_task(value_after(2, 0.5))};
  asyncio::WaitOptions options;
  options.timeout = 0.3;
  auto [done, pending] = co_await asyncio::wait(tasks, options);
  EXPECT_EQ(done.size(), 1u);
  EXPECT_EQ(pending.size(), 1u);
  EXPECT_NEAR(now() - start, 0.3, 0.01);
  EXPECT_EQ(co_await tasks[1], 2);
  EXPECT_FALSE(tasks[1].cancelled());
}

IN_BOTH_DOORS(wait, cancelling_it_does_not_cancel_what_it_waits_for) {
  std::vector<Task<int>> tasks{asyncio::create_task(value_after(1, 0.5))};
  auto outer = asyncio::create_task([&]() -> Coro<> { co_await asyncio::wait(tasks); });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_FALSE(tasks[0].done());
  EXPECT_EQ(co_await tasks[0], 1);
}

IN_BOTH_DOORS(wait, all_completed_does_not_raise_what_a_task_raised) {
  std::vector<Task<int>> tasks{asyncio::create_task(fail_after(0.1)), asyncio::create_task(value_after(2, 0.2))};
  auto [done, pending] = co_await asyncio::wait(tasks);
  EXPECT_EQ(done.size(), 2u);
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(describe(tasks[0].exception()), "ValueError: child");
}

IN_BOTH_DOORS(wait, of_nothing_is_an_error) {
  std::vector<Task<int>> none;
  EXPECT_EQ(co_await ending(asyncio::wait(none)), "ValueError: Set of Tasks/Futures is empty.");
}
