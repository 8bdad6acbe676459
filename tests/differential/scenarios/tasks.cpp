#include <limits>

#include "scenario.hpp"

using namespace differential;

SCENARIO(a_task_starts_when_its_creator_waits) {
  auto task = asyncio::create_task(worker("a", 1));
  say("created");
  co_await asyncio::sleep(0);
  say("waited a tick");
  say(co_await task);
}

SCENARIO(tasks_start_in_the_order_of_their_creation) {
  std::vector<Task<std::string>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(asyncio::create_task(worker("w" + std::to_string(i), 5 - i)));
  for (auto& task : tasks) co_await task;
  say("all done");
}

SCENARIO(awaiting_a_coroutine_does_not_let_others_run) {
  auto task = asyncio::create_task(worker("other", 1));
  say(co_await at_once(1));
  say(co_await at_once(2));
  co_await task;
}

SCENARIO(a_task_may_be_awaited_twice) {
  auto task = asyncio::create_task(after(1, "value"));
  say(co_await task);
  say(co_await task);
}

SCENARIO(two_tasks_await_one) {
  auto one = asyncio::create_task(after(1, 7));
  auto reader = [&](std::string name) -> Coro<> { say(name, co_await one); };
  auto first = asyncio::create_task(reader, "first"s);
  auto second = asyncio::create_task(reader, "second"s);
  co_await first;
  co_await second;
}

SCENARIO(an_exception_comes_out_of_each_await) {
  auto task = asyncio::create_task(fail_after(1, "broken"));
  say(co_await how(task));
  say(co_await how(task));
  say(describe(task.exception()));
}

SCENARIO(a_task_says_what_it_is) {
  auto task = asyncio::create_task(after(1, 3));
  say(task.done(), task.cancelled());
  co_await task;
  say(task.done(), task.cancelled(), task.result(), task.exception() ? "an exception" : "None");
}

SCENARIO(asking_a_pending_task) {
  auto task = asyncio::create_task(after(1, 3));
  say(how_of([&] { return task.result(); }));
  say(how_of([&] { task.exception(); }));
  co_await task;
}

SCENARIO(asking_a_cancelled_task) {
  auto task = asyncio::create_task(after(1, 3));
  task.cancel();
  say(co_await how(task));
  say(how_of([&] { return task.result(); }));
  say(how_of([&] { task.exception(); }));
  say(task.done(), task.cancelled());
}

SCENARIO(names_are_given_or_chosen) {
  auto a = asyncio::create_task(at_once(1));
  auto b = asyncio::create_task(at_once(1), {.name = "named"});
  auto c = asyncio::create_task(at_once(1));
  say(b.get_name(), a.get_name() != c.get_name());
  b.set_name("renamed");
  say(b.get_name());
  co_await asyncio::gather(a, b, c);
}

SCENARIO(the_current_task_is_the_one_that_runs) {
  auto show = [](std::string name) -> Coro<> {
    say(name, asyncio::current_task().get_name());
    co_return;
  };
  asyncio::current_task().set_name("main");
  co_await show("called");
  co_await asyncio::create_task(show("created"), {.name = "child"});
  co_await show("again");
}

SCENARIO(all_tasks_are_those_not_done) {
  say(asyncio::all_tasks().size());
  auto a = asyncio::create_task(after(1, 1));
  auto b = asyncio::create_task(after(2, 1));
  say(asyncio::all_tasks().size());
  co_await a;
  say(asyncio::all_tasks().size());
  co_await b;
  say(asyncio::all_tasks().size());
}

SCENARIO(sleep_gives_its_value_back) {
  say(co_await asyncio::sleep(1, "slept"));
  say(co_await asyncio::sleep(0, 5));
  say(co_await asyncio::sleep(-1, 6));
}

SCENARIO(sleepers_wake_by_their_deadlines) {
  auto sleeper = [](double delay) -> Coro<> {
    co_await asyncio::sleep(delay);
    say("slept", delay);
  };
  co_await asyncio::gather(sleeper(0.3), sleeper(0.1), sleeper(0.2), sleeper(0.05));
}

SCENARIO(sleep_zero_gives_each_a_turn) {
  auto turns = [](std::string name) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      say(name, i);
      co_await asyncio::sleep(0);
    }
  };
  co_await asyncio::gather(turns("a"), turns("b"), turns("c"));
}

SCENARIO(a_sleep_of_less_than_nothing_is_one_turn) {
  auto other = []() -> Coro<> {
    say("other");
    co_return;
  };
  auto task = asyncio::create_task(other());
  say("before");
  co_await asyncio::sleep(-5);
  say("after", task.done());
}

SCENARIO(a_sleep_of_nan) {
  auto sleeper = []() -> Coro<> { co_await asyncio::sleep(std::numeric_limits<double>::quiet_NaN()); };
  say(co_await how(sleeper()));
}

namespace {
Coro<> nest(int depth) {
  say("depth", depth);
  if (depth < 3) co_await asyncio::create_task(nest(depth + 1));
  say("back at", depth);
}
}  // namespace

SCENARIO(a_task_that_creates_a_task) { co_await asyncio::create_task(nest(0)); }

SCENARIO(a_task_goes_on_after_its_handle_is_dropped) {
  auto background = []() -> Coro<> {
    co_await asyncio::sleep(1);
    say("still here");
  };
  asyncio::create_task(background());
  co_await asyncio::sleep(2);
  say(1);
}

SCENARIO(ping_pong_by_sleep_zero) {
  std::vector<std::string> rounds;
  auto player = [&](std::string name) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      rounds.push_back(name);
      co_await asyncio::sleep(0);
    }
  };
  auto a = asyncio::create_task(player, "ping"s);
  auto b = asyncio::create_task(player, "pong"s);
  co_await a;
  co_await b;
  say(rounds);
}

SCENARIO(a_task_awaiting_itself) {
  Task<> task;
  auto narcissus = [&]() -> Coro<> { say(co_await how(task)); };
  task = asyncio::create_task(narcissus);
  co_await task;
}

SCENARIO(a_failing_task_that_nobody_awaits_disturbs_nobody) {
  auto task = asyncio::create_task(fail_after(1, "unheard"));
  co_await asyncio::sleep(2);
  say(task.done(), describe(task.exception()));
}

SCENARIO(done_callbacks_run_in_their_order_and_later) {
  auto task = asyncio::create_task(at_once(4));
  for (std::string name : {"first", "second", "third"}) {
    task.add_done_callback([name](Task<int> t) { say(name, t.result()); });
  }
  co_await task;
  say("awaited");
  co_await asyncio::sleep(0);
  say("end");
}

SCENARIO(a_callback_added_to_a_done_task_runs_a_tick_later) {
  auto task = asyncio::create_task(at_once(4));
  co_await task;
  task.add_done_callback([](Task<int> t) { say("called with", t.result()); });
  say("added");
  co_await asyncio::sleep(0);
  say("end");
}

SCENARIO(the_awaiter_and_the_callback_keep_their_order) {
  auto task = asyncio::create_task(after(1, 1));
  auto waiter = [&]() -> Coro<> {
    co_await task;
    say("waiter");
  };
  auto other = asyncio::create_task(waiter);
  co_await asyncio::sleep(0);
  task.add_done_callback([](Task<int>) { say("callback"); });
  co_await task;
  say("main");
  co_await other;
}
