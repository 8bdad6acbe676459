#include "scenario.hpp"

using namespace differential;

namespace {
template <class Awaitable>
Coro<> reader(std::string name, Awaitable awaited) {
  say(name, co_await how(std::move(awaited)));
}

template <class Handle>
std::vector<Task<>> readers(std::initializer_list<const char*> names, const Handle& awaited) {
  std::vector<Task<>> tasks;
  for (const char* name : names) tasks.push_back(asyncio::create_task(reader(std::string(name), awaited)));
  return tasks;
}

std::vector<Task<int>> timed(std::initializer_list<int> delays) {
  std::vector<Task<int>> tasks;
  for (int d : delays) tasks.push_back(asyncio::create_task(after(d, d)));
  return tasks;
}
}  // namespace

SCENARIO(the_first_of_three_who_share_a_future_is_cancelled) {
  auto f = future();
  auto tasks = readers({"a", "b", "c"}, f);
  co_await asyncio::sleep(1);
  tasks[0].cancel();
  co_await asyncio::wait(tasks);
}

SCENARIO(the_one_in_the_middle_is_cancelled) {
  auto f = future();
  auto tasks = readers({"a", "b", "c"}, f);
  co_await asyncio::sleep(1);
  say(tasks[1].cancel("by name"));
  co_await asyncio::wait(tasks);
}

SCENARIO(two_of_them_are_cancelled) {
  auto f = future();
  auto tasks = readers({"a", "b", "c", "d"}, f);
  co_await asyncio::sleep(1);
  tasks[2].cancel();
  tasks[1].cancel();
  co_await asyncio::wait(tasks);
  std::vector<unsigned> counts;
  for (auto& t : tasks) counts.push_back(t.cancelling());
  say(counts);
}

SCENARIO(the_future_itself_is_cancelled) {
  auto f = future();
  auto tasks = readers({"a", "b", "c"}, f);
  co_await asyncio::sleep(1);
  f.cancel("the future");
  co_await asyncio::wait(tasks);
}

SCENARIO(callbacks_and_readers_of_a_future_that_is_cancelled) {
  auto f = future();
  using Future = asyncio::Future<int>;
  f.add_done_callback([](Future) { say("callback one"); });
  std::vector<Task<>> tasks{asyncio::create_task(reader("a"s, f))};
  co_await asyncio::sleep(0);
  f.add_done_callback([](Future) { say("callback two"); });
  tasks.push_back(asyncio::create_task(reader("b"s, f)));
  co_await asyncio::sleep(0);
  f.add_done_callback([](Future) { say("callback three"); });
  tasks[1].cancel();
  asyncio::get_running_loop().call_soon([] { say("behind them"); });
  co_await asyncio::wait(tasks);
}

SCENARIO(a_gathering_that_two_await) {
  auto x = asyncio::create_task(worker("x", 5)), y = asyncio::create_task(worker("y", 5));
  auto tasks = readers({"a", "b", "c"}, asyncio::gather(x, y));
  co_await asyncio::sleep(1);
  tasks[1].cancel();
  co_await asyncio::wait(tasks);
}

SCENARIO(a_shield_that_two_await) {
  auto inner = asyncio::create_task(worker("inner", 5));
  auto tasks = readers({"a", "b", "c"}, asyncio::shield(inner));
  co_await asyncio::sleep(1);
  tasks[1].cancel();
  co_await asyncio::wait(tasks);
  say(co_await inner);
}

SCENARIO(a_task_that_several_await_is_cancelled_through_one) {
  auto inner = asyncio::create_task(worker("inner", 5));
  auto tasks = readers({"a", "b", "c"}, inner);
  co_await asyncio::sleep(1);
  tasks[1].cancel();
  asyncio::get_running_loop().call_soon([] { say("a turn"); });
  co_await asyncio::wait(tasks);
}

SCENARIO(a_chain_ends_in_a_shared_future) {
  auto f = future();
  auto middle = [&]() -> Coro<> { co_await f; };
  auto inner = asyncio::create_task(middle);
  std::vector<Task<>> tasks{asyncio::create_task(reader("other"s, f)), asyncio::create_task(reader("outer"s, inner))};
  co_await asyncio::sleep(0);
  tasks.push_back(asyncio::create_task(reader("last"s, f)));
  co_await asyncio::sleep(1);
  tasks[1].cancel();
  co_await asyncio::wait(tasks);
}

SCENARIO(one_who_shares_runs_out_of_time) {
  auto f = future();
  std::vector<Task<>> tasks{asyncio::create_task(reader("a"s, f)),
                            asyncio::create_task(reader("late"s, asyncio::wait_for(f, 1)))};
  co_await asyncio::sleep(0);
  tasks.push_back(asyncio::create_task(reader("b"s, f)));
  co_await asyncio::wait(tasks);
}

SCENARIO(one_who_cancels_itself_then_shares) {
  auto f = future();
  auto late = [&]() -> Coro<> {
    asyncio::current_task().cancel();
    say("self", co_await how(f));
  };
  std::vector<Task<>> tasks{asyncio::create_task(reader("a"s, f)), asyncio::create_task(late),
                            asyncio::create_task(reader("b"s, f))};
  co_await asyncio::wait(tasks);
}

SCENARIO(who_shares_with_a_groups_task_wakes_before_the_body) {
  auto f = future();
  auto group = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task(reader("child"s, f));
    tg.create_task(fail_after(1, "x"));
    say("body", co_await how(asyncio::sleep(5)));
  };
  auto body = [&]() -> Coro<> { co_await asyncio::task_group(group); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(0);
  auto other = asyncio::create_task(reader("other"s, f));
  const auto end = co_await how(task);
  say(end, other.done());
}

SCENARIO(two_futures_that_tasks_share_crosswise) {
  using Future = asyncio::Future<int>;
  auto f = future(), g = future();
  auto both = [](std::string name, Future first, Future second) -> Coro<> {
    const auto one = co_await how(first);
    const auto two = co_await how(second);
    say(name, one, two);
  };
  std::vector<Task<>> tasks{asyncio::create_task(both("a", f, g)), asyncio::create_task(both("b", g, f)),
                            asyncio::create_task(both("c", f, g))};
  co_await asyncio::sleep(1);
  tasks[2].cancel();
  co_await asyncio::sleep(1);
  g.set_result(2);
  co_await asyncio::wait(tasks);
}

SCENARIO(as_completed_with_several_who_iterate) {
  std::vector<Task<>> all;
  const char* name = "abc";
  for (auto end : asyncio::as_completed(timed({3, 1, 2}))) {
    all.push_back(asyncio::create_task(reader(std::string(1, *name++), std::move(end))));
  }
  co_await asyncio::wait(all);
}

SCENARIO(as_completed_of_what_is_done) {
  auto tasks = timed({1, 2});
  co_await asyncio::sleep(1.5);
  for (auto end : asyncio::as_completed(tasks)) say(co_await std::move(end));
}

SCENARIO(as_completed_of_nothing) {
  for (auto end : asyncio::as_completed(std::vector<Task<int>>())) {
    say("never");
    co_await std::move(end);
  }
  ASYNC_FOR(auto end, asyncio::as_completed(std::vector<Task<int>>())) {
    say("never", end.done());
  }
  say("over");
}

SCENARIO(as_completed_broken_off_and_gone_on_with) {
  auto ends = asyncio::as_completed(timed({3, 1, 2}));
  ASYNC_FOR(auto task, ends) {
    say(task.result());
    break;
  }
  ASYNC_FOR(auto task, ends) {
    say(task.result());
  }
}

SCENARIO(as_completed_with_a_timeout_by_async_for) {
  auto tasks = timed({1, 5});
  auto body = [&]() -> Coro<> {
    ASYNC_FOR(auto task, asyncio::as_completed(tasks, {.timeout = 2})) {
      say(task.result());
    }
  };
  say(co_await how(body()));
  say(tasks[1].done());
  say(co_await tasks[1]);
}

SCENARIO(cancelled_in_as_completed) {
  auto tasks = timed({1, 5});
  auto body = [&]() -> Coro<> {
    for (auto end : asyncio::as_completed(tasks)) say(co_await std::move(end));
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(2);
  task.cancel();
  say(co_await how(task));
  say(co_await tasks[1]);
}

SCENARIO(as_completed_of_a_cancelled_task) {
  auto tasks = timed({1, 5});
  asyncio::get_running_loop().call_later(2, [t = tasks[1]] { t.cancel(); });
  for (auto end : asyncio::as_completed(tasks)) say(co_await how(std::move(end)));
}

SCENARIO(the_same_task_twice_in_as_completed) {
  auto task = asyncio::create_task(after(1, 1));
  const std::vector<Task<int>> twice{task, task};
  for (auto end : asyncio::as_completed(twice)) say(co_await std::move(end));
}
