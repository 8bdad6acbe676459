#include "scenario.hpp"

using namespace differential;

namespace {
/// A task that starts at the call.
template <class T>
Task<T> start_eagerly(Coro<T> coroutine, std::string_view name = {}) {
  return asyncio::create_task(std::move(coroutine), {.name = name, .eager_start = true});
}

void use_eager_tasks() { asyncio::get_running_loop().set_task_factory(asyncio::eager_task_factory); }
}  // namespace

SCENARIO(an_eager_task_runs_at_the_call) {
  auto task = start_eagerly(worker("task", 1));
  say("created");
  say(co_await task);
}

SCENARIO(one_that_does_not_wait_is_done_at_once) {
  auto task = start_eagerly(at_once(5));
  say(task.done(), task.result());
  say(co_await task);
}

SCENARIO(one_that_fails_at_once) {
  auto fail = []() -> Coro<> {
    throw asyncio::ValueError("early");
    co_return;
  };
  auto task = start_eagerly(fail());
  say(task.done(), describe(task.exception()));
  say(co_await how(task));
}

SCENARIO(an_eager_task_is_the_current_one) {
  auto child = []() -> Coro<> {
    say("child", asyncio::current_task().get_name());
    co_await asyncio::sleep(0);
    say("child", asyncio::current_task().get_name());
  };
  asyncio::current_task().set_name("main");
  auto task = start_eagerly(child(), "eager");
  say("main", asyncio::current_task().get_name());
  co_await task;
}

SCENARIO(eager_and_others_by_turns) {
  std::vector<Task<std::string>> others{asyncio::create_task(worker("plain one", 0))};
  others.push_back(start_eagerly(worker("eager", 0)));
  others.push_back(asyncio::create_task(worker("plain two", 0)));
  say("all created");
  co_await asyncio::gather(others);
}

SCENARIO(an_eager_task_in_an_eager_task) {
  auto outer = []() -> Coro<> {
    say("outer");
    auto inner = start_eagerly(worker("inner", 1));
    say("outer goes on");
    co_await inner;
    say("outer ends");
  };
  co_await start_eagerly(outer());
}

SCENARIO(cancelling_an_eager_task_that_waits) {
  auto task = start_eagerly(worker("task", 5));
  task.cancel();
  say("asked");
  say(co_await how(task));
}

SCENARIO(an_eager_task_that_cancels_itself) {
  auto child = []() -> Coro<> {
    asyncio::current_task().cancel();
    co_await at_once(1);
    say("still here");
    co_await asyncio::sleep(1);
    say("never");
  };
  auto task = start_eagerly(child());
  say("done", task.done());
  say(co_await how(task));
}

SCENARIO(callbacks_of_an_eager_task_that_is_done) {
  auto task = start_eagerly(at_once(1));
  task.add_done_callback([](Task<int> t) { say("called", t.result()); });
  say("added");
  co_await asyncio::sleep(0);
  say("after a tick");
}

SCENARIO(an_eager_factory) {
  use_eager_tasks();
  say("before");
  auto first = asyncio::create_task(worker("first", 2));
  auto second = asyncio::create_task(worker("second", 1));
  say("between");
  say(co_await asyncio::gather(first, second, at_once(3)));
}

SCENARIO(a_group_with_an_eager_factory) {
  use_eager_tasks();
  Task<std::string> task;
  auto body = [&](asyncio::TaskGroup& tg) {
    task = tg.create_task(worker("task", 1));
    say("in the body");
    auto done = tg.create_task(at_once(1));
    say(done.done(), task.done());
  };
  co_await asyncio::task_group(body);
  say(task.result());
}

SCENARIO(an_eager_factory_taken_away) {
  auto loop = asyncio::get_running_loop();
  use_eager_tasks();
  say(loop.get_task_factory() != nullptr);
  auto first = asyncio::create_task(worker("first", 1));
  loop.set_task_factory(nullptr);
  auto second = asyncio::create_task(worker("second", 1.5));
  say("created", loop.get_task_factory() == nullptr);
  co_await asyncio::gather(first, second);
}

SCENARIO(a_factory_of_ones_own) {
  std::vector<std::string> made;
  auto factory = [&](asyncio::PendingTask& pending, asyncio::TaskOptions options) {
    made.push_back(pending.coroutine());
    auto task = pending.start(options);
    task.add_done_callback([number = made.size()](asyncio::AnyTask) { say("number", number, "is done"); });
    return task;
  };
  asyncio::get_running_loop().set_task_factory(factory);
  auto task = asyncio::create_task(at_once(1));
  say(made);
  co_await asyncio::gather(task, at_once(2));
  say(made);
  asyncio::get_running_loop().set_task_factory(nullptr);
}

SCENARIO(wait_for_and_shield_with_an_eager_factory) {
  use_eager_tasks();
  say(co_await asyncio::wait_for(worker("limited", 1), 2));
  say(co_await asyncio::shield(worker("shielded", 1)));
  std::vector<Task<int>> one{asyncio::create_task(at_once(1))};
  const auto result = co_await asyncio::wait(one);
  say(result.done.size(), result.pending.size());
}

SCENARIO(eager_tasks_take_turns_at_a_future) {
  auto f = future();
  auto reader = [&](std::string name) -> Coro<> {
    say(name, "asks");
    say(name, co_await f);
  };
  std::vector<Task<>> tasks;
  for (const char* name : {"a", "b", "c"})
    tasks.push_back(start_eagerly(asyncio::call_and_await(reader, std::string(name))));
  f.set_result(7);
  say("set");
  co_await asyncio::gather(tasks);
}

SCENARIO(gathering_of_eager_tasks_that_are_done) {
  use_eager_tasks();
  asyncio::get_running_loop().call_soon([] { say("a tick"); });
  say(co_await asyncio::gather(at_once(1), at_once(2)));
  say(co_await how(asyncio::gather(at_once(1), fail_after(1, "later"))));
}

PROGRAM(an_eager_factory_of_a_new_loop) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.set_task_factory(asyncio::eager_task_factory);
  auto task = loop.create_task(worker("before the run", 1));
  say("created");
  say(loop.run_until_complete(task));
  loop.close();
}
