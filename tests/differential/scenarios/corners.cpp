#include "scenario.hpp"

using namespace differential;
using asyncio::TaskGroup;
using asyncio::Timeout;

namespace {
Coro<> slow_to_leave(std::string name, double delay) {
  auto result = co_await asyncio::as_result(asyncio::sleep(100));
  co_await asyncio::sleep(delay);
  say(name, "left");
  result.rethrow();
}

unsigned count() { return asyncio::current_task().cancelling(); }

template <class Handle>
void say_sizes(const asyncio::WaitResult<Handle>& result) {
  say(result.done.size(), result.pending.size());
}

std::vector<Task<int>> timed(std::initializer_list<int> delays) {
  std::vector<Task<int>> tasks;
  for (int d : delays) tasks.push_back(asyncio::create_task(after(d, d)));
  return tasks;
}
}  // namespace

SCENARIO(a_group_cancelled_twice_while_it_waits) {
  auto group = [](TaskGroup& tg) {
    tg.create_task(slow_to_leave("a", 2));
    tg.create_task(slow_to_leave("b", 5));
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel("first");
  co_await asyncio::sleep(1.5);
  task.cancel("second");
  say(co_await how(task));
  say(task.cancelling());
}

SCENARIO(a_body_that_swallows_its_groups_cancel) {
  auto group = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(1, "broken"));
    say("body", co_await how(asyncio::sleep(10)));
    say("body goes on", count());
    co_await asyncio::sleep(1);
    say("body ends");
  };
  auto body = [&]() -> Coro<> {
    co_await asyncio::task_group(group);
    say("never");
  };
  say(co_await how(body()));
  say(count());
}

SCENARIO(a_body_that_fails_as_it_is_cancelled) {
  auto group = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(1, "child's"));
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    throw asyncio::RuntimeError("body's");
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  say(co_await how(body()));
}

SCENARIO(a_group_in_a_task_that_was_cancelled_before) {
  auto good = [](TaskGroup& tg) { tg.create_task(worker("child", 1)); };
  auto bad = [](TaskGroup& tg) { tg.create_task(fail_after(1, "broken")); };
  auto body = [&]() -> Coro<> {
    say(co_await how(asyncio::sleep(10)));
    say("count", count());
    co_await asyncio::task_group(good);
    say("count", count());
    auto result = co_await asyncio::as_result(asyncio::task_group(bad));
    asyncio::ExceptStar(result.error())
        .on<asyncio::ValueError>([](const asyncio::ExceptionGroup&) { say("caught; count", count()); })
        .finish();
    co_await asyncio::sleep(1);
    say("goes on");
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(a_request_taken_back_within_a_group) {
  auto group = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(worker("child", 3));
    say("body", co_await how(asyncio::sleep(10)));
    say("left", asyncio::current_task().uncancel());
  };
  auto body = [&]() -> Coro<> {
    co_await asyncio::task_group(group);
    say("block is over");
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(a_child_awaits_its_sibling_that_fails) {
  auto second = [](Task<int> first) -> Coro<> {
    say("second", co_await how(first));
    say("second", co_await how(asyncio::sleep(5)));
  };
  auto group = [&](TaskGroup& tg) {
    auto first = tg.create_task(fail_after(1, "broken"));
    tg.create_task(second(first));
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  say(co_await how(body()));
}

SCENARIO(a_child_creates_while_the_group_leaves) {
  auto group = [](TaskGroup& tg) {
    auto child = [&tg]() -> Coro<> {
      co_await asyncio::sleep(1);
      say("creates");
      tg.create_task(worker("grandchild", 1));
    };
    tg.create_task(child);
  };
  co_await asyncio::task_group(group);
  say("over");
}

SCENARIO(a_child_creates_while_the_group_is_cancelled) {
  auto group = [](TaskGroup& tg) {
    auto child = [&tg]() -> Coro<> {
      auto result = co_await asyncio::as_result(asyncio::sleep(10));
      try {
        tg.create_task(worker("late", 1));
      } catch (const asyncio::RuntimeError& error) {
        const std::string text = error.what();
        say(text.substr(0, text.find('<')), text.substr(text.rfind('>') + 1));
      }
      result.rethrow();
    };
    tg.create_task(child);
    tg.create_task(fail_after(1, "broken"));
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  say(co_await how(body()));
}

SCENARIO(a_group_around_a_shield) {
  auto inner = asyncio::create_task(worker("inner", 5));
  auto child = [&]() -> Coro<> { co_await asyncio::shield(inner); };
  auto group = [&](TaskGroup& tg) {
    tg.create_task(child);
    tg.create_task(fail_after(1, "broken"));
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  say(co_await how(body()));
  say(co_await inner);
}

SCENARIO(an_inner_group_fails_as_the_outer_is_cancelled) {
  auto inner = [](TaskGroup& tg) {
    tg.create_task(fail_after(2, "inner's"));
    tg.create_task(slow_to_leave("inner's other", 1));
  };
  auto outer = [&](TaskGroup& tg) -> Coro<> {
    tg.create_task(worker("outer's", 10));
    co_await asyncio::task_group(inner);
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(outer); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(2.5);
  task.cancel();
  say(co_await how(task));
  say(task.cancelling());
}

SCENARIO(a_timeout_and_a_failure_at_odds) {
  auto group = [](TaskGroup& tg) {
    tg.create_task(slow_to_leave("slow", 3));
    tg.create_task(fail_after(1, "broken"));
  };
  auto limited = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  auto body = [&]() -> Coro<> { co_await asyncio::timeout(2, limited); };
  say(co_await how(body()));
  say(count());
}

SCENARIO(a_timeout_moved_by_another_task) {
  std::optional<Timeout*> shared;
  auto limited = [&](Timeout& limit) -> Coro<> {
    shared = &limit;
    auto result = co_await asyncio::as_result(asyncio::sleep(10));
    // The handle ends with the block: what Python asks after it is asked here.
    say(limit.when(), limit.expired());
    say(how_of([&] { limit.reschedule(9); }));
    result.rethrow();
  };
  auto body = [&]() -> Coro<> { co_await asyncio::timeout(2, limited); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  say((*shared)->when(), (*shared)->expired());
  (*shared)->reschedule(4);
  say(co_await how(task));
}

SCENARIO(a_timeout_moved_to_now) {
  auto limited = [](Timeout& limit) -> Coro<> {
    co_await asyncio::sleep(1);
    limit.reschedule(asyncio::get_running_loop().time());
    say("still here");
    co_await asyncio::sleep(0);
    say("once more");
    co_await asyncio::sleep(1);
  };
  auto body = [&]() -> Coro<> { co_await asyncio::timeout(5, limited); };
  say(co_await how(body()));
}

SCENARIO(a_timeout_without_limit_gets_one) {
  auto limited = [](Timeout& limit) -> Coro<> {
    say(limit.when());
    co_await asyncio::sleep(3);
    limit.reschedule(5.0);
    say(limit.when());
    co_await asyncio::sleep(10);
  };
  auto body = [&]() -> Coro<> { co_await asyncio::timeout(std::nullopt, limited); };
  say(co_await how(body()));
}

SCENARIO(wait_with_a_timeout_and_the_first_completed) {
  auto tasks = timed({2, 4});
  for (double limit : {1.0, 2.0, 1.0}) {
    const asyncio::WaitOptions options{.timeout = limit, .return_when = asyncio::FIRST_COMPLETED};
    say_sizes(co_await asyncio::wait(tasks, options));
  }
  co_await asyncio::wait(tasks);
}

SCENARIO(wait_for_the_first_exception_where_all_go_well) {
  const asyncio::WaitOptions options{.return_when = asyncio::FIRST_EXCEPTION};
  say_sizes(co_await asyncio::wait(timed({2, 1}), options));
}

SCENARIO(wait_for_an_exception_that_came_before) {
  std::vector<Task<int>> tasks;
  auto bad = asyncio::create_task(fail_after(1, "broken"));
  auto good = asyncio::create_task(after(3, 3));
  tasks.push_back(good);
  tasks.push_back(bad);
  co_await asyncio::sleep(2);
  const asyncio::WaitOptions options{.return_when = asyncio::FIRST_EXCEPTION};
  const auto result = co_await asyncio::wait(tasks, options);
  say(result.done.size(), result.pending.size(), result.done.at(0) == bad);
  co_await good;
}

SCENARIO(wait_for_futures_and_a_cancel) {
  std::vector<asyncio::Future<int>> futures{future(), future(), future()};
  auto loop = asyncio::get_running_loop();
  loop.call_later(1, [&] { futures[1].cancel(); });
  loop.call_later(2, [&] { futures[0].set_exception(asyncio::ValueError("x")); });
  loop.call_later(3, [&] { futures[2].set_result(1); });
  for (auto when : {asyncio::FIRST_COMPLETED, asyncio::FIRST_EXCEPTION, asyncio::ALL_COMPLETED}) {
    const asyncio::WaitOptions options{.return_when = when};
    say_sizes(co_await asyncio::wait(futures, options));
  }
  (void)futures[0].exception();
}

SCENARIO(two_wait_for_the_same) {
  auto tasks = timed({1, 3});
  auto waiter = [&](std::string name, asyncio::ReturnWhen when) -> Coro<> {
    const asyncio::WaitOptions options{.return_when = when};
    const auto result = co_await asyncio::wait(tasks, options);
    say(name, result.done.size(), result.pending.size());
  };
  auto first = asyncio::create_task(waiter, "first"s, asyncio::FIRST_COMPLETED);
  auto all = asyncio::create_task(waiter, "all"s, asyncio::ALL_COMPLETED);
  co_await asyncio::gather(first, all);
}

SCENARIO(a_shield_cancelled_on_both_sides) {
  auto inner = asyncio::create_task(slow_to_leave("inner", 2));
  auto outer = asyncio::create_task(how(asyncio::shield(inner)));
  co_await asyncio::sleep(1);
  outer.cancel();
  inner.cancel();
  say(co_await how(outer));
  say(co_await how(inner));
}

SCENARIO(a_shield_of_a_shield) {
  auto inner = asyncio::create_task(worker("inner", 3));
  auto first = asyncio::shield(inner);
  auto second = asyncio::shield(first);
  second.cancel();
  say(co_await how(second));
  const bool done = first.done();
  say(done, co_await how(first));
}

SCENARIO(gather_in_a_timeout_in_a_gather) {
  auto both = []() -> Coro<> { co_await asyncio::gather(worker("a", 1), worker("b", 3)); };
  auto limited = [&]() -> Coro<> { co_await asyncio::timeout(2, both); };
  say(co_await asyncio::gather(how(limited()), worker("c", 4)));
}
