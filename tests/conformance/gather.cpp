// gather and wait: what tutorials and programs rely on (groups C10 to C12, C16 to C19).
#include <array>

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

// --- failures as values ---

IN_BOTH_DOORS(gather, with_return_exceptions_gives_how_each_ended) {
  const double start = now();
  auto cancelled = asyncio::create_task(value_after(1, 10));
  auto gathered =
      asyncio::gather(asyncio::return_exceptions, fail_after(0.1), value_after(2, 0.3), cancelled, asyncio::sleep(0.1));
  co_await settle();
  cancelled.cancel("why");
  auto&& [a, b, c, d] = co_await gathered;
  EXPECT_NEAR(now() - start, 0.3, 0.01);
  EXPECT_EQ(describe(a.error()), "ValueError: child");
  EXPECT_TRUE(b.has_value());
  EXPECT_EQ(asyncio::Result<int>(b).value(), 2);
  EXPECT_TRUE(c.cancelled());
  EXPECT_EQ(describe(c.error()), "CancelledError: why");
  EXPECT_TRUE(d.has_value());
}

IN_BOTH_DOORS(gather, with_return_exceptions_takes_ranges_and_tasks_of_unknown_type) {
  std::vector<Task<int>> tasks{asyncio::create_task(fail_after(0.1)), asyncio::create_task(value_after(2, 0.1))};
  const std::vector<asyncio::Result<int>> results = co_await asyncio::gather(asyncio::return_exceptions, tasks);
  EXPECT_EQ(describe(results[0].error()), "ValueError: child");
  EXPECT_TRUE(results[1].has_value());
  for (auto& t : tasks) t = asyncio::create_task(value_after(3, 100));
  std::vector<asyncio::AnyTask> any(tasks.begin(), tasks.end());
  co_await settle();
  for (const auto& t : any) t.cancel();
  const auto ends = co_await asyncio::gather(asyncio::return_exceptions, any);
  EXPECT_EQ(ends.size(), 2u);
  for (const auto& e : ends) EXPECT_TRUE(e.cancelled());
}

IN_BOTH_DOORS(gather, with_return_exceptions_a_cancel_of_the_gather_is_thrown_when_all_have_ended) {
  const double start = now();
  auto slow = asyncio::create_task([]() -> Coro<int> {
    auto r = co_await asyncio::as_result(asyncio::sleep(10));
    co_await asyncio::sleep(0.2);
    r.rethrow();
    co_return 1;
  });
  auto quick = asyncio::create_task(value_after(2, 10));
  auto outer = asyncio::create_task([](Task<int> a, Task<int> b) -> Coro<> {
    co_await asyncio::gather(asyncio::return_exceptions, a, b);
  }(slow, quick));
  co_await settle();
  outer.cancel();
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_NEAR(now() - start, 0.2, 0.01);
  EXPECT_TRUE(slow.cancelled());
  EXPECT_TRUE(quick.cancelled());
}

IN_BOTH_DOORS(gather, with_return_exceptions_a_cancel_is_thrown_though_the_children_end_at_once) {
  auto gathered = asyncio::gather(asyncio::return_exceptions, new_future<int>(), new_future<int>());
  EXPECT_TRUE(gathered.cancel("bye"));
  EXPECT_EQ(co_await ending(gathered), "CancelledError: bye");
}

IN_BOTH_DOORS(gather, with_return_exceptions_a_cancel_has_the_message_of_the_last_child) {
  auto swallows = []() -> Coro<> { (void)co_await asyncio::as_result(asyncio::sleep(10)); };
  for (const bool last_swallows : {false, true}) {
    std::vector<Task<>> children;
    for (int i = 0; i < 2; ++i)
      children.push_back(i == last_swallows ? asyncio::create_task(swallows)
                                            : asyncio::create_task(asyncio::sleep(10)));
    auto gathered = asyncio::gather(asyncio::return_exceptions, children);
    co_await settle();
    EXPECT_TRUE(gathered.cancel("bye"));
    EXPECT_EQ(co_await ending(gathered), last_swallows ? "CancelledError" : "CancelledError: bye");
  }
}

IN_SERIAL_DOOR(gather, whose_children_have_ended_is_not_cancelled_any_more) {
  auto child = new_future<int>();
  auto gathered = asyncio::gather(asyncio::gather(child));  // the inner one is not done, but has nothing to cancel
  child.set_result(1);
  EXPECT_FALSE(gathered.cancel());
  EXPECT_EQ(co_await ending(gathered), "returned");
}

// What is left of a loop that is gone when the future ends at last, which is another loop's.
TEST(gather, may_outlive_its_loop) {
  const asyncio::EventLoop other = asyncio::new_event_loop();
  for (const bool is_parallel : {false, true}) {
    auto child = other.create_future<int>();
    using gathered_t = decltype(asyncio::gather(child));
    gathered_t gathered;
    auto body = [](Future<int> f, gathered_t& g) -> Coro<> {
      g = asyncio::gather(f);
      co_return;
    };
    if (is_parallel) {
      asyncio::run_parallel(body(child, gathered));
    } else {
      asyncio::run(body(child, gathered));
    }
    EXPECT_TRUE(gathered.get_loop().is_closed());
    gathered.add_done_callback([](const gathered_t&) { ADD_FAILURE(); });
    EXPECT_FALSE(gathered.done());
    child.set_result(1);
    EXPECT_TRUE(gathered.done());
    EXPECT_EQ(std::get<0>(gathered.result()), 1);
  }
}

IN_BOTH_DOORS(gather, resumes_a_cancelled_caller_when_the_first_child_has_ended) {
  const double start = now();
  auto slow = asyncio::create_task([]() -> Coro<int> {
    auto r = co_await asyncio::as_result(asyncio::sleep(10));
    co_await asyncio::sleep(0.2);
    r.rethrow();
    co_return 1;
  });
  auto quick = asyncio::create_task(value_after(2, 10));
  auto outer =
      asyncio::create_task([](Task<int> a, Task<int> b) -> Coro<> { co_await asyncio::gather(a, b); }(slow, quick));
  co_await settle();
  outer.cancel();
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_NEAR(now() - start, 0.001, 0.01);
  EXPECT_FALSE(slow.done());
  EXPECT_EQ(co_await ending(slow), "CancelledError");
}

static Coro<> two_failures() {
  EXPECT_EQ(co_await ending(asyncio::gather(fail_after(0.1), fail_after(0.2))), "ValueError: child");
  co_await asyncio::sleep(1);
}
TEST(gather, a_later_failure_counts_as_seen) {
  testing::internal::CaptureStderr();
  through_both_doors(&two_failures);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

IN_BOTH_DOORS(gather, that_cancels_siblings_throws_the_first_failure_when_all_have_ended) {
  const double start = now();
  Log log;
  auto child = [&]() -> Coro<int> {
    auto r = co_await asyncio::as_result(asyncio::sleep(10));
    co_await asyncio::sleep(0.2);
    log("cleaned up");
    r.rethrow();
    co_return 1;
  };
  auto first = asyncio::create_task(child);
  auto second = asyncio::create_task(child);
  EXPECT_EQ(co_await ending(asyncio::gather(asyncio::cancel_siblings, first, fail_after(0.1), second)),
            "ValueError: child");
  EXPECT_NEAR(now() - start, 0.3, 0.01);
  EXPECT_EQ(log.count("cleaned up"), 2u);
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
}

IN_BOTH_DOORS(gather, that_cancels_siblings_gives_values_when_none_fails) {
  std::vector<Coro<int>> coros;
  for (int i = 0; i < 5; ++i) coros.push_back(value_after(i, 0.1));
  const std::vector<int> values = co_await asyncio::gather(asyncio::cancel_siblings, std::move(coros));
  EXPECT_EQ(values, (std::vector<int>{0, 1, 2, 3, 4}));
}

IN_BOTH_DOORS(gather, takes_any_range_of_handles) {
  std::array<Task<int>, 2> tasks{asyncio::create_task(value_after(1, 0.1)), asyncio::create_task(value_after(2, 0.1))};
  const std::vector<int> values = co_await asyncio::gather(tasks);
  EXPECT_EQ(values, (std::vector<int>{1, 2}));
}

IN_BOTH_DOORS(gather, a_cancel_after_its_end_is_refused) {
  auto gathered = asyncio::gather(value_after(1, 0.1));
  co_await gathered;
  EXPECT_FALSE(gathered.cancel());
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

IN_BOTH_DOORS(wait, first_exception_has_seen_what_ended_it) {
  for (const bool is_done_before : {false, true}) {
    std::vector<Future<int>> futures{new_future<int>(), new_future<int>()};
    if (is_done_before) futures[0].set_exception(asyncio::ValueError("seen"));
    auto waiting = asyncio::create_task(asyncio::wait(futures, {.return_when = asyncio::FIRST_EXCEPTION}));
    co_await settle();
    if (!is_done_before) futures[0].set_exception(asyncio::ValueError("seen"));
    co_await waiting;
    EXPECT_TRUE(futures[0].state()->exception_was_seen());
    futures[1].set_exception(asyncio::ValueError("not seen"));
    co_await asyncio::wait(futures);
    EXPECT_FALSE(futures[1].state()->exception_was_seen());
    EXPECT_EQ(describe(futures[1].exception()), "ValueError: not seen");
  }
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

IN_BOTH_DOORS(wait, gives_a_handle_that_stands_there_twice_once) {
  auto task = asyncio::create_task(value_after(1, 0.1));
  const std::vector<Task<int>> twice{task, task};  // g++ 12 takes no braces inside a co_await
  auto [done, pending] = co_await asyncio::wait(twice);
  EXPECT_EQ(done.size(), 1u);
  EXPECT_TRUE(pending.empty());
}

IN_BOTH_DOORS(wait, a_cancelled_task_is_no_exception) {
  std::vector<Task<int>> tasks{asyncio::create_task(value_after(1, 10)), asyncio::create_task(value_after(2, 0.5))};
  co_await settle();
  tasks[0].cancel();
  auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_EXCEPTION});
  EXPECT_EQ(done.size(), 2u);
  EXPECT_TRUE(pending.empty());
}

IN_BOTH_DOORS(wait, with_a_timeout_that_is_not_needed_gives_all) {
  std::vector<Task<int>> tasks{asyncio::create_task(value_after(1, 0.1)), asyncio::create_task(value_after(2, 0.2))};
  auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 100, .return_when = asyncio::ALL_COMPLETED});
  EXPECT_EQ(done.size(), 2u);
  EXPECT_LT(now(), 1);
}
