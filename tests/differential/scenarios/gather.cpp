#include "scenario.hpp"

using namespace differential;

SCENARIO(results_come_in_the_order_of_the_arguments) {
  say(co_await asyncio::gather(after(0.3, "a"), after(0.1, "b"), after(0.2, "c")));
}

SCENARIO(results_of_different_types) { say(co_await asyncio::gather(after(2, 1), after(1, "text"), after(3, 2.5))); }

SCENARIO(children_start_in_order_when_the_caller_waits) {
  auto gathering = asyncio::gather(worker("a", 2), worker("b", 1));
  say("gathered");
  say(co_await gathering);
}

SCENARIO(nothing_to_gather) { say(co_await asyncio::gather()); }

SCENARIO(tasks_and_coroutines_together) {
  auto task = asyncio::create_task(after(1, "task"));
  say(co_await asyncio::gather(task, after(2, "coroutine")));
}

SCENARIO(the_same_task_twice) {
  auto task = asyncio::create_task(after(1, 7));
  say(co_await asyncio::gather(task, task));
}

SCENARIO(futures_that_are_done) {
  auto a = future(), b = future();
  a.set_result(1);
  b.set_result(2);
  say(co_await asyncio::gather(a, b));
}

SCENARIO(the_first_error_comes_out_and_siblings_run_on) {
  auto slow = asyncio::create_task(worker("slow", 3));
  say(co_await how(asyncio::gather(slow, fail_after(1, "first"), fail_after(2, "second"))));
  say(slow.done());
  say(co_await how(slow));
}

SCENARIO(the_first_error_in_time_not_in_order) {
  say(co_await how(asyncio::gather(fail_after(2, "listed first"), fail_after(1, "came first"))));
}

SCENARIO(a_cancelled_child) {
  auto child = asyncio::create_task(worker("child", 10));
  auto sibling = asyncio::create_task(worker("sibling", 5));
  auto gathering = asyncio::gather(child, sibling);
  co_await asyncio::sleep(1);
  child.cancel();
  say(co_await how(gathering));
  say(gathering.cancelled(), sibling.done());
  say(co_await sibling);
}

SCENARIO(cancelling_the_gathering_cancels_every_child) {
  auto body = []() -> Coro<> { co_await asyncio::gather(worker("a", 10), worker("b", 10), worker("c", 10)); };
  auto task = asyncio::create_task(body());
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(cancelling_resumes_the_caller_with_the_first_child) {
  auto slow_to_leave = [](std::string name, double delay) -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(100));
    co_await asyncio::sleep(delay);
    say(name, "left");
    result.rethrow();
  };
  auto body = [&]() -> Coro<> { co_await asyncio::gather(slow_to_leave("a", 2), slow_to_leave("b", 1)); };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
  co_await asyncio::sleep(5);
}

SCENARIO(a_child_that_swallows_the_request) {
  auto stubborn = []() -> Coro<std::string> {
    try {
      co_await asyncio::sleep(10);
    } catch (const CancelledError&) {
      say("no");
    }
    co_return "stubborn";
  };
  auto body = [&]() -> Coro<std::tuple<std::string, std::string>> {
    co_return co_await asyncio::gather(stubborn(), at_once("quick"s));
  };
  auto task = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  task.cancel();
  say(co_await how(task));
}

SCENARIO(cancel_of_a_done_gathering) {
  auto gathering = asyncio::gather(at_once(1), at_once(2));
  say(co_await gathering);
  say(gathering.cancel(), gathering.done(), gathering.cancelled());
}

SCENARIO(gathering_of_gatherings) {
  auto [a, b] =
      co_await asyncio::gather(asyncio::gather(after(1, 1), after(2, 2)), asyncio::gather(after(3, 3), after(1, 4)));
  say("[" + text_of(a) + ", " + text_of(b) + "]");
}

SCENARIO(a_gathering_awaited_by_two) {
  auto gathering = asyncio::gather(after(1, 1), after(2, 2));
  auto reader = [](std::string name, auto shared) -> Coro<> { say(name, co_await shared); };
  co_await asyncio::gather(reader("a", gathering), reader("b", gathering));
}

namespace {
std::vector<Task<std::string>> workers(std::initializer_list<int> delays) {
  std::vector<Task<std::string>> tasks;
  for (int d : delays) tasks.push_back(asyncio::create_task(worker("w" + std::to_string(d), d)));
  return tasks;
}

template <class Handle>
std::vector<bool> which_are_done(const std::vector<Handle>& tasks) {
  std::vector<bool> done;
  for (const auto& t : tasks) done.push_back(t.done());
  return done;
}
}  // namespace

SCENARIO(wait_for_all) {
  auto tasks = workers({3, 1, 2});
  auto [done, pending] = co_await asyncio::wait(tasks);
  say(done.size(), pending.size());
  std::vector<std::string> results;
  for (auto& t : tasks) results.push_back(t.result());
  say(results);
}

SCENARIO(wait_for_the_first_completed) {
  auto tasks = workers({3, 1, 2});
  auto first = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_COMPLETED});
  say(first.done.size(), first.pending.size(), which_are_done(tasks));
  auto all = co_await asyncio::wait(tasks);
  say(all.done.size(), all.pending.size());
}

SCENARIO(wait_for_the_first_exception) {
  std::vector<Task<int>> tasks;
  tasks.push_back(asyncio::create_task(after(3, 1)));
  tasks.push_back(asyncio::create_task(after(1, 2)));
  tasks.push_back(asyncio::create_task(fail_after(2, "broken")));
  auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_EXCEPTION});
  say(done.size(), pending.size(), which_are_done(tasks));
  say(co_await how(tasks[2]));
  co_await tasks[0];
}

SCENARIO(the_first_exception_is_not_a_cancelled_task) {
  std::vector<Task<int>> tasks{asyncio::create_task(after(3, 1)), asyncio::create_task(after(5, 2))};
  asyncio::get_running_loop().call_later(1, [t = tasks[1]] { t.cancel(); });
  auto [done, pending] = co_await asyncio::wait(tasks, {.return_when = asyncio::FIRST_EXCEPTION});
  say(done.size(), pending.size());
}

SCENARIO(wait_with_a_timeout_cancels_nothing) {
  auto tasks = workers({1, 3});
  auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 2});
  say(done.size(), pending.size(), std::vector<bool>{tasks[0].cancelled(), tasks[1].cancelled()});
  co_await asyncio::wait(tasks);
}

SCENARIO(wait_throws_no_error_of_a_task) {
  std::vector<Task<int>> tasks{asyncio::create_task(fail_after(1, "broken")), asyncio::create_task(after(2, 1))};
  auto [done, pending] = co_await asyncio::wait(tasks);
  say(done.size(), pending.size());
  say(co_await how(tasks[0]));
}

SCENARIO(cancelling_a_wait_leaves_the_tasks) {
  auto task = asyncio::create_task(worker("w", 3));
  const std::vector tasks{task};
  auto body = [&]() -> Coro<> { co_await asyncio::wait(tasks); };
  auto waiter = asyncio::create_task(body);
  co_await asyncio::sleep(1);
  waiter.cancel();
  say(co_await how(waiter));
  say(task.done());
  co_await task;
}

SCENARIO(wait_for_what_is_done) {
  std::vector<Task<int>> tasks{asyncio::create_task(at_once(1))};
  co_await asyncio::sleep(0);
  say("done before", tasks[0].done());
  auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 0});
  say(done.size(), pending.size());
}

SCENARIO(wait_with_no_time_for_what_is_pending) {
  std::vector<Task<int>> tasks{asyncio::create_task(after(1, 1))};
  auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 0});
  say(done.size(), pending.size());
  co_await tasks[0];
}

SCENARIO(wait_for_nothing) {
  auto body = []() -> Coro<> { co_await asyncio::wait(std::vector<Task<int>>()); };
  say(co_await how(body()));
}

SCENARIO(two_that_end_in_one_tick_are_both_done) {
  auto f = future(), g = future();
  asyncio::get_running_loop().call_later(1, [f, g] {
    f.set_result(1);
    g.set_result(2);
  });
  const std::vector futures{f, g};
  auto [done, pending] = co_await asyncio::wait(futures, {.return_when = asyncio::FIRST_COMPLETED});
  say(done.size(), pending.size());
}

SCENARIO(first_completed_again_and_again) {
  std::vector<Task<int>> pending;
  for (int d : {2, 1, 3}) pending.push_back(asyncio::create_task(after(d, d)));
  while (!pending.empty()) {
    auto round = co_await asyncio::wait(pending, {.return_when = asyncio::FIRST_COMPLETED});
    pending = round.pending;
    std::vector<int> results;
    for (auto& t : round.done) results.push_back(t.result());
    say(results, pending.size());
  }
}
