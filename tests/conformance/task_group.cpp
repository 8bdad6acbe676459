// task_group: groups C34 to C37.
#include "doors.hpp"

using namespace conformance;

namespace {

Coro<> fail_after(double seconds, std::string text) {
  co_await asyncio::sleep(seconds);
  throw asyncio::ValueError(text);
}

/// Sleeps for long and notes its cancellation.
Coro<> sleep_and_note(Log& log, std::string name) {
  try {
    co_await asyncio::sleep(1000);
  } catch (const CancelledError&) {
    log(name + " cancelled");
    throw;
  }
  log(name + " slept");
}

/// The errors of a group, as describe() writes them, sorted.
Entries errors_in(const std::exception_ptr& error) {
  Entries all;
  try {
    if (error) std::rethrow_exception(error);
  } catch (const asyncio::ExceptionGroup& group) {
    for (const auto& e : group.exceptions()) all.push_back(describe(e));
  } catch (...) {
    all.push_back("no group: " + describe(std::current_exception()));
  }
  std::sort(all.begin(), all.end());
  return all;
}

template <class Awaitable>
Coro<std::exception_ptr> error_of(Awaitable awaited) {
  std::exception_ptr error;
  try {
    (void)co_await std::move(awaited);
  } catch (...) {
    error = std::current_exception();
  }
  co_return error;
}

}  // namespace

IN_BOTH_DOORS(task_group, takes_what_is_a_coroutine_in_asyncio) {
  const asyncio::Context context;
  auto queue = asyncio::Queue<int>();
  Task<int> got;
  auto body = [&](asyncio::TaskGroup& tg) {
    EXPECT_EQ(tg.create_task(asyncio::sleep(1), {.name = "rests", .context = context}).get_name(), "rests");
    got = tg.create_task(queue.get());
    tg.create_task(queue.put(7));
  };
  co_await asyncio::task_group(body);
  EXPECT_EQ(got.result(), 7);
  EXPECT_EQ(now(), 1);

  auto loop = asyncio::get_running_loop();
  co_await loop.create_task(asyncio::sleep(1), {.name = "of the loop"});
  co_await asyncio::Strand().create_task(asyncio::sleep(1));
  EXPECT_EQ(now(), 3);
}

IN_BOTH_DOORS(task_group, waits_for_all_of_its_children) {
  Log log;
  Task<int> first, second;
  auto child = [&](int value, double seconds) -> Coro<int> {
    co_await asyncio::sleep(seconds);
    log("child " + std::to_string(value));
    co_return value;
  };
  auto body = [&](asyncio::TaskGroup& tg) {
    first = tg.create_task(child, 1, 0.2);
    second = tg.create_task(child, 2, 0.1);
  };
  co_await asyncio::task_group(body);
  log("after");
  EXPECT_EQ(log.entries(), (Entries{"child 2", "child 1", "after"}));
  EXPECT_EQ(first.result(), 1);
  EXPECT_EQ(second.result(), 2);
}

IN_BOTH_DOORS(task_group, gives_the_value_of_its_body) {
  auto body = [](asyncio::TaskGroup& tg) -> Coro<int> {
    auto task = tg.create_task([]() -> Coro<int> { co_return 20; });
    co_return 1 + co_await task;
  };
  const int value = co_await asyncio::task_group(body);
  EXPECT_EQ(value, 21);
}

// --- C34: a child fails ---

IN_BOTH_DOORS(task_group, a_failing_child_cancels_its_siblings_and_the_body) {
  Log log;
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(0.1, "child"));
    tg.create_task(sleep_and_note(log, "one"));
    tg.create_task(sleep_and_note(log, "two"));
    co_await sleep_and_note(log, "body");
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"ValueError: child"}));
  EXPECT_EQ(log.sorted(), (Entries{"body cancelled", "one cancelled", "two cancelled"}));
}

IN_BOTH_DOORS(task_group, two_failures_at_one_instant_are_both_reported) {
  auto body = [](asyncio::TaskGroup& tg) {
    tg.create_task(fail_after(0.1, "one"));
    tg.create_task(fail_after(0.1, "two"));
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  const auto errors = errors_in(error);
  // In the parallel door the first failure may cancel the second child before it fails.
  EXPECT_FALSE(errors.empty());
  for (const auto& e : errors) EXPECT_TRUE(e == "ValueError: one" || e == "ValueError: two") << e;
}

IN_SERIAL_DOOR(task_group, the_error_has_asyncios_words) {
  auto body = [](asyncio::TaskGroup& tg) {
    tg.create_task(fail_after(0.1, "one"));
    tg.create_task(fail_after(0.1, "two"));
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"ValueError: one", "ValueError: two"}));
  EXPECT_EQ(describe(error), "ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)");
  auto single_body = [](asyncio::TaskGroup& tg) { tg.create_task(fail_after(0.1, "one")); };
  const auto single = co_await error_of(asyncio::task_group(single_body));
  EXPECT_EQ(describe(single), "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)");
}

IN_BOTH_DOORS(task_group, errors_of_siblings_cleaning_up_are_collected) {
  auto body = [](asyncio::TaskGroup& tg) {
    tg.create_task(fail_after(0.1, "first"));
    tg.create_task([]() -> Coro<> {
      try {
        co_await asyncio::sleep(10);
      } catch (const CancelledError&) {
        throw asyncio::RuntimeError("in cleanup");
      }
    });
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"RuntimeError: in cleanup", "ValueError: first"}));
}

IN_BOTH_DOORS(task_group, an_error_of_the_body_cancels_the_children_and_is_in_the_group) {
  Log log;
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task(sleep_and_note(log, "one"));
    tg.create_task(sleep_and_note(log, "two"));
    co_await settle();
    throw asyncio::ValueError("body");
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"ValueError: body"}));
  EXPECT_EQ(log.sorted(), (Entries{"one cancelled", "two cancelled"}));
}

IN_BOTH_DOORS(task_group, a_child_cancelled_on_its_own_is_not_an_error) {
  Log log;
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    auto task = tg.create_task(sleep_and_note(log, "one"));
    tg.create_task([&]() -> Coro<> {
      co_await asyncio::sleep(1);
      log("two done");
    });
    co_await settle();
    task.cancel();
  };
  EXPECT_EQ(co_await ending(asyncio::task_group(body)), "returned");
  EXPECT_EQ(log.entries(), (Entries{"one cancelled", "two done"}));
}

// --- C35: cancelled from outside ---

IN_BOTH_DOORS(task_group, a_cancel_from_outside_reaches_the_children_and_the_body) {
  Log log;
  auto outer = asyncio::create_task([&]() -> Coro<> {
    auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
      for (int i = 1; i <= 5; ++i) tg.create_task(sleep_and_note(log, "child " + std::to_string(i)));
      co_await sleep_and_note(log, "body");
    };
    co_await asyncio::task_group(body);
  });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_TRUE(outer.cancelled());
  EXPECT_EQ(log.sorted(), (Entries{"body cancelled", "child 1 cancelled", "child 2 cancelled", "child 3 cancelled",
                                   "child 4 cancelled", "child 5 cancelled"}));
}

IN_BOTH_DOORS(task_group, a_cancel_from_outside_while_it_waits_reaches_the_children) {
  Log log;
  auto outer = asyncio::create_task([&]() -> Coro<> {
    auto body = [&](asyncio::TaskGroup& tg) {
      for (int i = 1; i <= 3; ++i) tg.create_task(sleep_and_note(log, "child " + std::to_string(i)));
    };
    co_await asyncio::task_group(body);
    log("after");
  });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_EQ(log.sorted(), (Entries{"child 1 cancelled", "child 2 cancelled", "child 3 cancelled"}));
}

IN_BOTH_DOORS(task_group, an_error_during_a_cancel_from_outside_wins_and_the_cancel_is_not_lost) {
  Log log;
  auto outer = asyncio::create_task([&]() -> Coro<> {
    auto body = [&](asyncio::TaskGroup& tg) {
      tg.create_task([]() -> Coro<> {
        try {
          co_await asyncio::sleep(10);
        } catch (const CancelledError&) {
          throw asyncio::ValueError("in cleanup");
        }
      });
    };
    const auto error = co_await error_of(asyncio::task_group(body));
    log(errors_in(error).front());
    co_await asyncio::sleep(0);  // the cancel from outside is still owed
    log("went on");
  });
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_EQ(log.entries(), (Entries{"ValueError: in cleanup"}));
}

// --- C36: creating children ---

IN_BOTH_DOORS(task_group, a_child_may_create_children_while_the_exit_waits) {
  const double start = now();
  Log log;
  auto leaf = [&](double seconds, std::string name) -> Coro<> {
    co_await asyncio::sleep(seconds);
    log(name);
  };
  auto root = [&](asyncio::TaskGroup& tg) -> Coro<> {
    co_await asyncio::sleep(0.1);
    tg.create_task(leaf, 0.3, std::string("slow"));
    tg.create_task(leaf, 0.1, std::string("fast"));
  };
  auto body = [&](asyncio::TaskGroup& tg) { tg.create_task(root, std::ref(tg)); };
  co_await asyncio::task_group(body);
  EXPECT_EQ(log.entries(), (Entries{"fast", "slow"}));
  EXPECT_NEAR(now() - start, 0.4, 0.01);
}

IN_BOTH_DOORS(task_group, after_a_failure_it_takes_no_new_children) {
  std::string refused;
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(0.1, "child"));
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      refused = ending_of([&] { tg.create_task(fail_after(0, "never")); });
      throw;
    }
  };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"ValueError: child"}));
  EXPECT_TRUE(refused.starts_with("RuntimeError: TaskGroup")) << refused;
  EXPECT_TRUE(refused.ends_with("is shutting down")) << refused;
}

// --- C37: the parent's level of cancellation ---

IN_BOTH_DOORS(task_group, a_handled_group_error_leaves_the_parent_uncancelled) {
  auto body = [](asyncio::TaskGroup& tg) { tg.create_task(fail_after(0, "child")); };
  const auto error = co_await error_of(asyncio::task_group(body));
  EXPECT_EQ(errors_in(error), (Entries{"ValueError: child"}));
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  EXPECT_EQ(co_await ending(asyncio::sleep(0.1)), "returned");
}

IN_BOTH_DOORS(task_group, the_groups_own_cancel_does_not_leak_out_of_a_body_that_never_waits) {
  const std::string how = co_await ending(asyncio::create_task([]() -> Coro<> {
    // The child fails while the body still runs, and the body ends without meeting its cancel.
    auto body = [](asyncio::TaskGroup& tg) -> Coro<> {
      tg.create_task(fail_after(0, "child"));
      co_await asyncio::sleep(0);
    };
    const auto error = co_await error_of(asyncio::task_group(body));
    EXPECT_EQ(errors_in(error), (Entries{"ValueError: child"}));
    EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
    co_await asyncio::sleep(0);
  }));
  EXPECT_EQ(how, "returned");
}

IN_BOTH_DOORS(task_group, an_inner_group_that_fails_does_not_cancel_the_outer) {
  Log log;
  auto inner_body = [](asyncio::TaskGroup& tg) { tg.create_task(fail_after(0.1, "inner")); };
  auto outer_body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task([&]() -> Coro<> {
      co_await asyncio::sleep(1);
      log("sibling");
    });
    const auto error = co_await error_of(asyncio::task_group(inner_body));
    log(errors_in(error).front());
    co_await asyncio::sleep(0.1);
    log("outer body");
  };
  EXPECT_EQ(co_await ending(asyncio::task_group(outer_body)), "returned");
  EXPECT_EQ(log.entries(), (Entries{"ValueError: inner", "outer body", "sibling"}));
}

IN_BOTH_DOORS(task_group, a_timeout_around_it_cancels_its_children) {
  Log log;
  auto group_body = [&](asyncio::TaskGroup& tg) { tg.create_task(sleep_and_note(log, "child")); };
  auto timed = [&]() -> Coro<> { co_await asyncio::task_group(group_body); };
  EXPECT_EQ(co_await ending(asyncio::timeout(0.1, timed)), "TimeoutError");
  EXPECT_EQ(log.entries(), (Entries{"child cancelled"}));
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
}
