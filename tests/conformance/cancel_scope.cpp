// CancelScope, an extension: what Trio and anyio claim of theirs, and how it goes together with asyncio's cancellation.
#include <atomic>
#include <thread>

#include "doors.hpp"

using namespace conformance;
using asyncio::CancelScope;

namespace {

/// Awaits `n` times, come what may, and says how each ended.
Coro<> try_hard(Log& log, int n) {
  for (int i = 0; i < n; ++i) {
    const auto r = co_await asyncio::as_result(asyncio::sleep(10));
    log(r.cancelled() ? "cancelled" : "slept");
  }
}

unsigned requests() { return asyncio::current_task().cancelling(); }

}  // namespace

IN_BOTH_DOORS(cancel_scope, lets_a_body_end_and_gives_its_value) {
  const CancelScope scope;
  auto body = []() -> Coro<int> {
    co_await asyncio::sleep(1);
    co_return 5;
  };
  const std::optional<int> value = co_await scope.run(body);
  EXPECT_EQ(value, 5);
  const CancelScope other;
  auto nothing = []() -> Coro<> { co_return; };
  const bool is_through = co_await other.run(nothing);
  EXPECT_TRUE(is_through);
  const CancelScope plain;
  const std::optional<int> seven = co_await plain.run([] { return 7; });
  EXPECT_EQ(seven, 7);
  for (const CancelScope& s : {scope, other, plain}) {
    EXPECT_FALSE(s.cancel_called());
    EXPECT_FALSE(s.cancelled_caught());
  }
}

IN_BOTH_DOORS(cancel_scope, gives_up_at_its_deadline) {
  const CancelScope scope({.timeout = 1});
  auto body = []() -> Coro<int> {
    co_await asyncio::sleep(100);
    co_return 5;
  };
  const double before = now();
  const std::optional<int> value = co_await scope.run(body);
  EXPECT_EQ(value, std::nullopt);
  EXPECT_NEAR(now() - before, 1, 1e-3);
  EXPECT_TRUE(scope.cancel_called());
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(requests(), 0u);
  co_await asyncio::sleep(1);  // what comes after it waits again
}

IN_BOTH_DOORS(cancel_scope, every_await_inside_throws_until_it_is_left) {
  Log log;
  const CancelScope scope({.timeout = 1});
  auto body = [&]() -> Coro<> { co_await try_hard(log, 5); };
  const double before = now();
  const bool is_through = co_await scope.run(body);
  EXPECT_TRUE(is_through);  // it swallowed them all
  EXPECT_FALSE(scope.cancelled_caught());
  EXPECT_EQ(log.entries(), Entries(5, "cancelled"));
  EXPECT_NEAR(now() - before, 1, 1e-3);
  EXPECT_EQ(requests(), 0u);
  co_await asyncio::sleep(1);
}

IN_BOTH_DOORS(cancel_scope, may_be_cancelled_by_itself_and_before_it_is_entered) {
  Log log;
  const CancelScope before;
  before.cancel();
  auto wait = [&]() -> Coro<> {
    log("begun");
    co_await asyncio::sleep(0);
    log("not here");
  };
  bool is_through = co_await before.run(wait);
  EXPECT_FALSE(is_through);
  EXPECT_TRUE(before.cancelled_caught());

  const CancelScope own;
  auto body = [&](CancelScope& scope) -> Coro<> {
    scope.cancel();
    scope.cancel();
    EXPECT_EQ(requests(), 1u);
    co_await asyncio::sleep(10);
  };
  is_through = co_await own.run(body);
  EXPECT_FALSE(is_through);
  EXPECT_EQ(log.entries(), (Entries{"begun"}));
  EXPECT_EQ(requests(), 0u);

  const CancelScope late({.deadline = now() - 1});
  is_through = co_await late.run(wait);
  EXPECT_TRUE(late.cancelled_caught());
}

IN_BOTH_DOORS(cancel_scope, is_cancelled_by_another_task_or_thread) {
  CancelScope scope;
  auto cancel_later = [&]() -> Coro<> {
    co_await asyncio::sleep(1);
    co_await asyncio::to_thread([&] { scope.cancel(); });
  };
  auto other = asyncio::create_task(cancel_later);
  Log log;
  auto body = [&]() -> Coro<> { co_await try_hard(log, 2); };
  co_await scope.run(body);
  EXPECT_EQ(log.entries(), (Entries{"cancelled", "cancelled"}));
  co_await other;
}

IN_BOTH_DOORS(cancel_scope, a_body_that_has_ended_is_not_touched_by_a_late_cancel) {
  const CancelScope scope;
  co_await scope.run([] {});
  scope.cancel();
  co_await asyncio::sleep(1);
  EXPECT_EQ(requests(), 0u);
  EXPECT_FALSE(scope.cancelled_caught());
}

IN_BOTH_DOORS(cancel_scope, runs_once) {
  const CancelScope scope;
  co_await scope.run([] {});
  const std::string how = co_await ending(scope.run([] {}));
  EXPECT_EQ(how, "RuntimeError: Each CancelScope may only be used for a single block");
}

IN_BOTH_DOORS(cancel_scope, an_error_of_the_body_passes_through_a_cancelled_one) {
  const CancelScope scope({.timeout = 1});
  auto body = []() -> Coro<> {
    const auto r = co_await asyncio::as_result(asyncio::sleep(10));
    if (r.cancelled()) throw asyncio::ValueError("cleanup failed");
  };
  const std::string how = co_await ending(scope.run(body));
  EXPECT_EQ(how, "ValueError: cleanup failed");
  EXPECT_FALSE(scope.cancelled_caught());
  EXPECT_EQ(requests(), 0u);
  co_await asyncio::sleep(1);
}

// --- shields ---

IN_BOTH_DOORS(cancel_scope, a_shield_keeps_the_scopes_around_out) {
  Log log;
  const CancelScope outer({.timeout = 1}), shield({.shield = true});
  auto inner = [&]() -> Coro<> {
    co_await try_hard(log, 2);
    EXPECT_EQ(asyncio::current_task().cancelling(), 0u);  // nothing has asked yet
  };
  auto body = [&]() -> Coro<> {
    co_await shield.run(inner);
    log("out of the shield");
    co_await try_hard(log, 2);
  };
  const double before = now();
  co_await outer.run(body);
  EXPECT_EQ(log.entries(), (Entries{"slept", "slept", "out of the shield", "cancelled", "cancelled"}));
  EXPECT_NEAR(now() - before, 20, 1e-3);
  EXPECT_EQ(requests(), 0u);
}

IN_BOTH_DOORS(cancel_scope, a_shield_within_a_cancelled_scope_is_for_cleanup_that_awaits) {
  Log log;
  const CancelScope outer({.timeout = 1}), shield({.shield = true});
  auto inner = [&]() -> Coro<> { co_await try_hard(log, 2); };
  auto body = [&]() -> Coro<> {
    const auto r = co_await asyncio::as_result(asyncio::sleep(100));
    co_await shield.run(inner);
    r.rethrow();
  };
  const bool is_through = co_await outer.run(body);
  EXPECT_FALSE(is_through);
  EXPECT_TRUE(outer.cancelled_caught());
  EXPECT_EQ(log.entries(), (Entries{"slept", "slept"}));
}

// The request was made, and the shield is entered before any await has seen it.
IN_BOTH_DOORS(cancel_scope, a_request_that_no_await_has_seen_does_not_come_through_a_shield) {
  Log log;
  const CancelScope outer, shield({.shield = true});
  auto inner = [&]() -> Coro<> { co_await try_hard(log, 1); };
  auto body = [&](CancelScope& scope) -> Coro<> {
    scope.cancel();
    co_await shield.run(inner);
    co_await try_hard(log, 1);
  };
  co_await outer.run(body);
  EXPECT_EQ(log.entries(), (Entries{"slept", "cancelled"}));
}

IN_BOTH_DOORS(cancel_scope, a_shield_may_be_cancelled_itself_and_has_a_deadline) {
  Log log;
  const CancelScope outer({.timeout = 1}), shield({.timeout = 5, .shield = true});
  auto inner = [&]() -> Coro<> { co_await try_hard(log, 2); };
  auto body = [&]() -> Coro<> {
    const auto r = co_await asyncio::as_result(asyncio::sleep(100));
    co_await shield.run(inner);
    r.rethrow();
  };
  const double before = now();
  co_await outer.run(body);
  EXPECT_EQ(log.entries(), (Entries{"cancelled", "cancelled"}));
  EXPECT_NEAR(now() - before, 6, 1e-3);
  EXPECT_TRUE(outer.cancelled_caught());
}

IN_BOTH_DOORS(cancel_scope, a_cancel_of_the_task_comes_through_a_shield) {
  Log log;
  auto shielded = [&]() -> Coro<> {
    const CancelScope shield({.shield = true});
    auto inner = [&]() -> Coro<> { co_await try_hard(log, 2); };
    co_await shield.run(inner);
  };
  auto task = asyncio::create_task(shielded);
  co_await settle();
  task.cancel();
  co_await task;
  EXPECT_EQ(log.entries(), (Entries{"cancelled", "slept"}));  // once: it is an edge
}

// --- scopes in scopes ---

IN_BOTH_DOORS(cancel_scope, an_inner_one_ends_alone) {
  Log log;
  const CancelScope outer, inner({.timeout = 1});
  auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
  auto body = [&]() -> Coro<> {
    co_await inner.run(wait);
    co_await try_hard(log, 1);
  };
  const bool is_through = co_await outer.run(body);
  EXPECT_TRUE(is_through);
  EXPECT_TRUE(inner.cancelled_caught());
  EXPECT_EQ(log.entries(), (Entries{"slept"}));
}

IN_BOTH_DOORS(cancel_scope, the_error_stops_at_the_outermost_that_is_cancelled) {
  const CancelScope outer, inner;
  auto wait = [&]() -> Coro<> {
    inner.cancel();
    outer.cancel();
    co_await asyncio::sleep(100);
  };
  bool is_after_inner = false;
  auto body = [&]() -> Coro<> {
    co_await inner.run(wait);
    is_after_inner = true;
  };
  const bool is_through = co_await outer.run(body);
  EXPECT_FALSE(is_through);
  EXPECT_FALSE(is_after_inner);
  EXPECT_FALSE(inner.cancelled_caught());
  EXPECT_TRUE(outer.cancelled_caught());
  EXPECT_EQ(requests(), 0u);
}

IN_BOTH_DOORS(cancel_scope, a_scope_that_is_entered_within_a_cancelled_one_is_cancelled_from_outside) {
  Log log;
  const CancelScope outer({.timeout = 1}), inner;
  auto wait = [&]() -> Coro<> { co_await try_hard(log, 2); };
  auto body = [&]() -> Coro<> {
    co_await try_hard(log, 1);
    co_await inner.run(wait);
  };
  co_await outer.run(body);
  EXPECT_EQ(log.entries(), Entries(3, "cancelled"));
  EXPECT_FALSE(inner.cancel_called());
}

// --- deadlines ---

IN_BOTH_DOORS(cancel_scope, its_deadline_moves) {
  const CancelScope scope({.timeout = 1});
  auto body = [](CancelScope& s) -> Coro<> {
    EXPECT_NEAR(*s.deadline() - now(), 1, 1e-3);
    s.reschedule(now() + 5);
    co_await asyncio::sleep(4);
    s.reschedule(std::nullopt);
    co_await asyncio::sleep(4);
    s.reschedule(now() + 1);
    co_await asyncio::sleep(4);
  };
  const double before = now();
  co_await scope.run(body);
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_NEAR(now() - before, 9, 1e-2);
  EXPECT_EQ(ending_of([&] { scope.reschedule(now() + 1); }),
            "RuntimeError: Cannot change state of finished CancelScope");
}

// --- with asyncio's own ---

IN_BOTH_DOORS(cancel_scope, a_cancel_of_the_task_is_not_the_scopes_to_catch) {
  const CancelScope scope;
  auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
  auto whole = [&]() -> Coro<> { co_await scope.run(wait); };
  auto task = asyncio::create_task(whole);
  co_await settle();
  task.cancel();
  const std::string how = co_await ending(task);
  EXPECT_EQ(how, "CancelledError");
  EXPECT_FALSE(scope.cancelled_caught());
}

IN_BOTH_DOORS(cancel_scope, when_the_task_is_cancelled_too_the_error_goes_on) {
  const CancelScope scope;
  unsigned left = 0;
  auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
  auto whole = [&]() -> Coro<> {
    const auto r = co_await asyncio::as_result(scope.run(wait));
    left = requests();
    r.rethrow();
  };
  auto task = asyncio::create_task(whole);
  co_await settle();
  scope.cancel();
  task.cancel();
  const std::string how = co_await ending(task);
  EXPECT_EQ(how, "CancelledError");
  EXPECT_EQ(left, 1u);  // the scope has taken its own back
  EXPECT_FALSE(scope.cancelled_caught());
}

IN_BOTH_DOORS(cancel_scope, a_timeout_inside_leaves_it_alone) {
  Log log;
  const CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
    const std::string how = co_await ending(asyncio::timeout(1, wait));
    log(how);
    co_await try_hard(log, 1);
  };
  const bool is_through = co_await scope.run(body);
  EXPECT_TRUE(is_through);
  EXPECT_EQ(log.entries(), (Entries{"TimeoutError", "slept"}));
}

IN_BOTH_DOORS(cancel_scope, its_cancellation_passes_a_timeout_inside) {
  const CancelScope scope({.timeout = 1});
  auto body = []() -> Coro<> {
    auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
    co_await asyncio::timeout(50, wait);
  };
  co_await scope.run(body);
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(requests(), 0u);
}

IN_BOTH_DOORS(cancel_scope, a_timeout_around_it_is_a_timeout) {
  const CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto wait = []() -> Coro<> { co_await asyncio::sleep(100); };
    co_await scope.run(wait);
  };
  const std::string how = co_await ending(asyncio::timeout(1, body));
  EXPECT_EQ(how, "TimeoutError");
  EXPECT_FALSE(scope.cancelled_caught());
  EXPECT_EQ(requests(), 0u);
}

// The group waits for its tasks, however stubborn, and each of their awaits throws as well.
IN_BOTH_DOORS(cancel_scope, the_tasks_of_a_group_belong_to_it) {
  Log log;
  const CancelScope scope({.timeout = 1});
  auto body = [&]() -> Coro<> {
    auto members = [&](asyncio::TaskGroup& tg) -> Coro<> {
      tg.create_task(try_hard(log, 3).with_closure_kept());
      tg.create_task(try_hard(log, 3).with_closure_kept());
      co_await asyncio::sleep(100);
    };
    co_await asyncio::task_group(members);
  };
  const double before = now();
  co_await scope.run(body);
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(log.entries(), Entries(6, "cancelled"));
  EXPECT_NEAR(now() - before, 1, 1e-3);
  EXPECT_EQ(requests(), 0u);
}

// A shield inside a group's task: the group's own cancel is an edge, as Task.cancel(), the rest waits outside.
IN_BOTH_DOORS(cancel_scope, a_groups_task_may_shield_its_cleanup) {
  Log log;
  const CancelScope scope({.timeout = 1});
  auto member = [&]() -> Coro<> {
    const auto r = co_await asyncio::as_result(asyncio::sleep(100));
    const CancelScope shield({.shield = true});
    auto cleanup = [&]() -> Coro<> { co_await try_hard(log, 1); };
    co_await shield.run(cleanup);
    co_await try_hard(log, 1);
    r.rethrow();
  };
  auto body = [&]() -> Coro<> {
    auto members = [&](asyncio::TaskGroup& tg) -> Coro<> {
      tg.create_task(member);
      co_return;
    };
    co_await asyncio::task_group(members);
  };
  const double before = now();
  co_await scope.run(body);
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(log.entries(), (Entries{"slept", "cancelled"}));
  EXPECT_NEAR(now() - before, 11, 1e-2);
}

IN_BOTH_DOORS(cancel_scope, an_error_of_a_group_inside_comes_out_as_ever) {
  const CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto members = [](asyncio::TaskGroup& tg) -> Coro<> {
      auto fail = []() -> Coro<> {
        throw asyncio::ValueError("v");
        co_return;
      };
      tg.create_task(fail);
      co_await asyncio::sleep(100);
    };
    co_await asyncio::task_group(members);
  };
  const std::string how = co_await ending(scope.run(body));
  EXPECT_TRUE(how.starts_with("ExceptionGroup")) << how;
  EXPECT_EQ(requests(), 0u);
  co_await asyncio::sleep(1);
}

IN_BOTH_DOORS(cancel_scope, the_children_of_when_all_belong_to_it) {
  Log log;
  const CancelScope scope({.timeout = 1});
  auto body = [&]() -> Coro<> {
    co_await asyncio::when_all(try_hard(log, 2), try_hard(log, 2));
    co_await try_hard(log, 1);
  };
  co_await scope.run(body);
  EXPECT_EQ(log.entries(), Entries(5, "cancelled"));
}

// CPython's Condition.wait takes the lock again however often it is cancelled: that must neither spin nor give up.
IN_BOTH_DOORS(cancel_scope, a_condition_has_its_lock_back_when_it_throws) {
  asyncio::Condition condition;
  const CancelScope scope({.timeout = 1});
  Log log;
  auto hold = [&]() -> Coro<> {
    co_await asyncio::sleep(0.5);
    const auto guard = co_await condition.guard();
    co_await asyncio::sleep(10);
    log("let go");
  };
  auto holder = asyncio::create_task(hold);
  auto body = [&]() -> Coro<> {
    const auto guard = co_await condition.guard();
    const auto r = co_await asyncio::as_result(condition.wait());
    log(r.cancelled() ? "cancelled" : "notified");
    EXPECT_TRUE(condition.locked());
    r.rethrow();
  };
  co_await scope.run(body);
  EXPECT_EQ(log.entries(), (Entries{"let go", "cancelled"}));
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_FALSE(condition.locked());
  co_await holder;
}

IN_BOTH_DOORS(cancel_scope, an_await_of_a_task_asks_the_task) {
  Log log;
  const CancelScope scope({.timeout = 1});
  auto child = asyncio::create_task(try_hard(log, 1));
  auto body = [&]() -> Coro<> { co_await child; };
  co_await scope.run(body);
  EXPECT_EQ(log.entries(), (Entries{"cancelled"}));
  EXPECT_TRUE(child.done());
  EXPECT_FALSE(child.cancelled());
}

IN_BOTH_DOORS(cancel_scope, awaits_that_need_not_wait_go_on) {
  const CancelScope scope;
  asyncio::Queue<int> queue;
  auto body = [&](CancelScope& s) -> Coro<int> {
    s.cancel();
    co_await queue.put(1);
    co_return co_await queue.get();
  };
  const std::optional<int> value = co_await scope.run(body);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(requests(), 0u);
}

// A cancel from another worker at any moment: the scope is left once, with nothing owed.
IN_BOTH_DOORS(cancel_scope, a_cancel_that_races_with_the_end_leaves_nothing_behind) {
  constexpr int rounds = 200;
  for (int i = 0; i < rounds; ++i) {
    CancelScope scope;
    auto cancel_soon = [](CancelScope s, int turns) -> Coro<> {
      for (int k = 0; k < turns; ++k) co_await asyncio::sleep(0);
      s.cancel();
    };
    auto other = asyncio::create_task(cancel_soon(scope, i % 7));
    auto body = []() -> Coro<> {
      for (int k = 0; k < 3; ++k) co_await asyncio::sleep(0);
    };
    const bool is_through = co_await scope.run(body);
    EXPECT_EQ(is_through, !scope.cancelled_caught());
    EXPECT_EQ(requests(), 0u);
    co_await other;
    co_await asyncio::sleep(0);
  }
}
