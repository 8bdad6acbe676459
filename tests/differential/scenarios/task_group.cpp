#include "scenario.hpp"

using namespace differential;
using asyncio::ExceptionGroup;
using asyncio::TaskGroup;

namespace {
/// Fails while it is being cancelled.
Coro<> bad_leaver() {
  auto result = co_await asyncio::as_result(asyncio::sleep(10));
  throw asyncio::RuntimeError("while leaving");
}

std::string up_to_the_text(const std::string& text) { return text.substr(0, text.find(": ")); }
}  // namespace

SCENARIO(an_empty_group) {
  co_await asyncio::task_group([](TaskGroup&) { say("body"); });
  say("after");
}

SCENARIO(a_group_waits_for_its_tasks) {
  Task<std::string> a, b;
  co_await asyncio::task_group([&](TaskGroup& tg) {
    a = tg.create_task(worker("a", 2));
    b = tg.create_task(worker("b", 1));
    say("body ends");
  });
  say(a.result(), b.result());
}

SCENARIO(the_first_failure_cancels_the_siblings) {
  auto block = [](TaskGroup& tg) {
    tg.create_task(worker("a", 10));
    tg.create_task(fail_after(1, "broken"));
    tg.create_task(worker("b", 10));
  };
  say(co_await how(asyncio::task_group(block)));
  say(asyncio::current_task().cancelling());
}

SCENARIO(a_failure_cancels_the_body) {
  auto block = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(1, "broken"));
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      say("body is cancelled", asyncio::current_task().cancelling());
      throw;
    }
  };
  say(co_await how(asyncio::task_group(block)));
  co_await asyncio::sleep(1);
  say("goes on");
}

SCENARIO(two_failures_in_one_tick) {
  asyncio::Event event;
  auto fail = [&](std::string text) -> Coro<> {
    co_await event.wait();
    throw asyncio::ValueError(text);
  };
  auto block = [&](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail, "one"s);
    tg.create_task(fail, "two"s);
    co_await asyncio::sleep(1);
    event.set();
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(a_failure_during_the_cleanup_is_counted) {
  auto block = [](TaskGroup& tg) {
    tg.create_task(bad_leaver());
    tg.create_task(fail_after(1, "broken"));
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(the_body_fails) {
  auto block = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(worker("a", 10));
    co_await asyncio::sleep(1);
    throw asyncio::ValueError("the body's");
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(the_body_and_a_task_fail) {
  auto block = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(bad_leaver());
    co_await asyncio::sleep(1);
    throw asyncio::ValueError("the body's");
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(a_task_cancelled_alone_is_no_failure) {
  Task<std::string> a;
  auto block = [&](TaskGroup& tg) -> Coro<> {
    a = tg.create_task(worker("a", 10));
    tg.create_task(worker("b", 2));
    co_await asyncio::sleep(1);
    a.cancel();
  };
  co_await asyncio::task_group(block);
  say(a.cancelled());
}

SCENARIO(a_group_cancelled_from_outside) {
  auto block = [](TaskGroup& tg) {
    tg.create_task(worker("a", 10));
    tg.create_task(worker("b", 10));
  };
  auto task = asyncio::create_task(asyncio::task_group(block));
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(the_body_cancelled_from_outside) {
  auto block = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(worker("a", 10));
    co_await worker("body", 10);
  };
  auto task = asyncio::create_task(asyncio::task_group(block));
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(outside_cancel_and_a_failure_give_the_group) {
  auto block = []() -> Coro<> {
    try {
      co_await asyncio::task_group([](TaskGroup& tg) { tg.create_task(bad_leaver()); });
    } catch (const ExceptionGroup& group) {
      say("group", group.exceptions().size(), asyncio::current_task().cancelling());
    }
    co_await asyncio::sleep(1);
    say("never");
  };
  auto task = asyncio::create_task(block());
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

namespace {
Coro<> tree(TaskGroup& tg, int depth) {
  say("depth", depth);
  if (depth < 3) tg.create_task(tree(tg, depth + 1));
  co_await asyncio::sleep(1);
}
}  // namespace

SCENARIO(tasks_may_start_tasks) {
  co_await asyncio::task_group([](TaskGroup& tg) { tg.create_task(tree(tg, 0)); });
  say("all done");
}

SCENARIO(a_finished_group_takes_no_tasks) {
  std::optional<TaskGroup> group;
  group.emplace(TaskGroup::enter());
  co_await asyncio::sleep(1);
  co_await group->leave(nullptr);
  say(up_to_the_text(how_of([&] { group->create_task(at_once(1)); })));
}

SCENARIO(a_group_that_shuts_down_takes_no_tasks) {
  auto block = [](TaskGroup& tg) {
    auto late = [](TaskGroup* group) -> Coro<> {
      auto result = co_await asyncio::as_result(asyncio::sleep(10));
      say(up_to_the_text(how_of([&] { group->create_task(at_once(1)); })));
      result.rethrow();
    };
    tg.create_task(late(&tg));
    tg.create_task(fail_after(1, "broken"));
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(a_group_inside_a_group) {
  auto inner = [](TaskGroup& tg) {
    tg.create_task(worker("inner", 10));
    tg.create_task(fail_after(1, "inner broken"));
  };
  auto outer = [&](TaskGroup& tg) {
    tg.create_task(worker("outer", 10));
    tg.create_task(asyncio::task_group(inner));
  };
  say(co_await how(asyncio::task_group(outer)));
}

SCENARIO(a_group_nested_in_the_body) {
  auto inner = [](TaskGroup& tg) { tg.create_task(worker("inner", 1)); };
  auto outer = [&](TaskGroup& tg) -> Coro<> {
    tg.create_task(worker("outer", 3));
    co_await asyncio::task_group(inner);
    say("inner is over");
  };
  co_await asyncio::task_group(outer);
  say("outer is over");
}

SCENARIO(a_group_inside_a_timeout) {
  auto group = [](TaskGroup& tg) {
    tg.create_task(worker("a", 10));
    tg.create_task(worker("b", 0.5));
  };
  auto block = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  say(co_await how(asyncio::timeout(1, block)));
}

SCENARIO(a_timeout_inside_a_group) {
  auto late = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto block = [&](TaskGroup& tg) {
    tg.create_task(asyncio::timeout(1, late));
    tg.create_task(worker("a", 10));
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(names_of_a_groups_tasks) {
  co_await asyncio::task_group([](TaskGroup& tg) {
    auto task = tg.create_task(at_once(1), {.name = "child"});
    say(task.get_name());
  });
}

SCENARIO(the_count_is_back_after_the_block) {
  auto group = [](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail_after(1, "x"));
    co_await asyncio::sleep(10);
  };
  auto body = [&]() -> Coro<std::string> {
    auto task = asyncio::current_task();
    try {
      co_await asyncio::task_group(group);
    } catch (const ExceptionGroup&) {
      say("cancelling", task.cancelling());
    }
    co_await asyncio::sleep(1);
    co_return "fine";
  };
  say(co_await how(asyncio::create_task(body)));
}

SCENARIO(a_failure_before_the_body_waits) {
  auto fail = []() -> Coro<> {
    throw asyncio::ValueError("at once");
    co_return;
  };
  auto block = [&](TaskGroup& tg) -> Coro<> {
    tg.create_task(fail());
    say("body goes on");
    co_await asyncio::sleep(0);
    say("still there");
    co_await asyncio::sleep(1);
    say("never");
  };
  say(co_await how(asyncio::task_group(block)));
}

SCENARIO(children_that_finish_in_reverse) {
  std::vector<int> order;
  auto child = [&](int i) -> Coro<> {
    co_await asyncio::sleep(5 - i);
    order.push_back(i);
  };
  co_await asyncio::task_group([&](TaskGroup& tg) {
    for (int i = 0; i < 5; ++i) tg.create_task(child, i);
  });
  say(order);
}
