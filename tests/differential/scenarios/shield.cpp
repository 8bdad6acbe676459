#include <algorithm>

#include "scenario.hpp"

using namespace differential;

SCENARIO(a_shield_gives_the_value) { say(co_await asyncio::shield(after(1, "value"))); }

SCENARIO(a_shield_passes_an_error_on) { say(co_await how(asyncio::shield(fail_after(1, "broken")))); }

SCENARIO(cancelling_the_outside_leaves_the_inside) {
  auto inner = asyncio::create_task(worker("inner", 3));
  auto body = [&]() -> Coro<> { co_await asyncio::shield(inner); };
  auto outer = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  outer.cancel();
  say(co_await how(outer));
  say(inner.done());
  say(co_await inner);
}

SCENARIO(cancelling_the_inside_comes_out) {
  auto inner = asyncio::create_task(worker("inner", 3));
  auto shielded = asyncio::shield(inner);
  co_await asyncio::sleep(1);
  inner.cancel();
  say(co_await how(shielded));
  say(shielded.cancelled());
}

SCENARIO(a_shield_inside_a_timeout_survives_it) {
  auto task = asyncio::create_task(worker("task", 3));
  say(co_await how(asyncio::wait_for(asyncio::shield(task), 1)));
  say(task.done());
  say(co_await task);
}

SCENARIO(a_shield_of_what_is_done) {
  auto task = asyncio::create_task(after(1, 5));
  co_await task;
  say(co_await asyncio::shield(task));
}

SCENARIO(a_shield_of_a_future) {
  auto f = future();
  auto shielded = asyncio::shield(f);
  shielded.cancel();
  say(f.cancelled(), shielded.cancelled());
  f.set_result(1);
  co_await asyncio::sleep(0);
  say(f.result());
}

SCENARIO(a_shield_in_a_gather) {
  auto inner = asyncio::create_task(worker("inner", 2));
  auto body = [&]() -> Coro<> { co_await asyncio::gather(asyncio::shield(inner), worker("beside", 5)); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
  say(co_await inner);
}

namespace {
std::vector<Task<int>> timed(std::initializer_list<int> delays) {
  std::vector<Task<int>> tasks;
  for (int d : delays) tasks.push_back(asyncio::create_task(after(d, d)));
  return tasks;
}
}  // namespace

SCENARIO(as_completed_gives_them_by_their_ends) {
  for (auto next_one : asyncio::as_completed(timed({3, 1, 2}))) say(co_await std::move(next_one));
}

SCENARIO(as_completed_gives_the_tasks_themselves) {
  auto tasks = timed({3, 1, 2});
  ASYNC_FOR(auto task, asyncio::as_completed(tasks)) {
    say(std::find(tasks.begin(), tasks.end(), task) - tasks.begin(), task.result());
  }
}

SCENARIO(as_completed_with_a_timeout) {
  auto tasks = timed({1, 2, 5});
  auto body = [&]() -> Coro<> {
    for (auto next_one : asyncio::as_completed(tasks, {.timeout = 3})) say(co_await std::move(next_one));
  };
  say(co_await how(body()));
  say(co_await tasks[2]);
}

SCENARIO(as_completed_with_a_failure) {
  std::vector<Task<int>> tasks{asyncio::create_task(fail_after(2, "broken")), asyncio::create_task(after(1, 1))};
  for (auto next_one : asyncio::as_completed(tasks)) say(co_await how(std::move(next_one)));
}

SCENARIO(failures_as_values) {
  auto results = co_await asyncio::gather(asyncio::return_exceptions, after(2, 1), fail_after(1, "broken"));
  say(std::get<0>(results).value(), describe(std::get<1>(results).error()));
}

SCENARIO(failures_as_values_wait_for_all) {
  auto child = asyncio::create_task(worker("child", 10));
  auto gathering = asyncio::gather(asyncio::return_exceptions, child, fail_after(1, "broken"), after(3, 3));
  co_await asyncio::sleep(2);
  child.cancel();
  auto results = co_await gathering;
  say(describe(std::get<0>(results).error()), "|", describe(std::get<1>(results).error()), "|",
      std::get<2>(results).value());
}

SCENARIO(cancelling_a_gathering_of_failures_as_values) {
  auto slow_to_leave = [](std::string name, double delay) -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(100));
    co_await asyncio::sleep(delay);
    say(name, "left");
    result.rethrow();
  };
  auto body = [&]() -> Coro<> {
    co_await asyncio::gather(asyncio::return_exceptions, slow_to_leave("a", 2), slow_to_leave("b", 1));
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

namespace {
void never(asyncio::Future<int>) { say("never"); }
}  // namespace

SCENARIO(a_callback_taken_back) {
  auto f = future();
  f.add_done_callback(&never);
  f.add_done_callback(&never);
  f.add_done_callback([](asyncio::Future<int>) { say("called"); });
  const auto first = f.remove_done_callback(&never);
  say(first, f.remove_done_callback(&never));
  f.set_result(1);
  co_await asyncio::sleep(0);
}
