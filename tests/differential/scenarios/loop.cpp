#include "scenario.hpp"

using namespace differential;

SCENARIO(a_future_is_set_by_hand) {
  auto f = future();
  asyncio::get_running_loop().call_later(1, [f] { f.set_result(5); });
  say(f.done());
  say(co_await f);
  say(f.done(), f.result(), f.cancelled());
}

SCENARIO(a_future_fails) {
  auto f = future();
  asyncio::get_running_loop().call_later(1, [f] { f.set_exception(asyncio::ValueError("set")); });
  say(co_await how(f));
  say(describe(f.exception()));
}

SCENARIO(a_future_that_is_done_refuses_more) {
  auto f = future();
  say(how_of([&] { return f.result(); }));
  say(how_of([&] { f.exception(); }));
  f.set_result(1);
  say(how_of([&] { f.set_result(2); }));
  say(how_of([&] { f.set_exception(asyncio::ValueError("x")); }));
  say(f.cancel(), f.result());
  co_return;
}

SCENARIO(a_cancelled_future_refuses_results) {
  auto f = future();
  say(f.cancel());
  say(f.cancelled(), f.done());
  say(how_of([&] { f.set_result(2); }));
  say(f.cancel());
  say(co_await how(f));
}

SCENARIO(callbacks_of_a_future_are_queued) {
  auto f = future();
  for (std::string name : {"first", "second"}) {
    f.add_done_callback([name](asyncio::Future<int> f) { say(name, f.result()); });
  }
  f.set_result(3);
  say("set");
  co_await asyncio::sleep(0);
  say("after a tick");
}

SCENARIO(a_callback_of_a_cancelled_future) {
  auto f = future();
  f.add_done_callback([](asyncio::Future<int> f) { say("cancelled", f.cancelled()); });
  f.cancel();
  co_await asyncio::sleep(0);
}

SCENARIO(several_tasks_await_a_future) {
  auto f = future<std::string>();
  auto reader = [&](std::string name) -> Coro<> { say(name, co_await f); };
  std::vector<Task<>> tasks;
  for (std::string name : {"a", "b", "c"}) tasks.push_back(asyncio::create_task(reader, name));
  co_await asyncio::sleep(1);
  f.set_result("value");
  co_await asyncio::gather(tasks);
}

SCENARIO(cancelling_one_awaiter_of_a_shared_future) {
  auto f = future();
  auto reader = [&]() -> Coro<std::string> { co_return co_await how(f); };
  auto a = asyncio::create_task(reader);
  auto b = asyncio::create_task(reader);
  co_await asyncio::sleep(1);
  a.cancel();
  const std::vector tasks{a, b};
  co_await asyncio::wait(tasks);
  say(f.cancelled(), a.result(), b.result());
}

SCENARIO(call_soon_keeps_its_order) {
  auto loop = asyncio::get_running_loop();
  for (int i = 0; i < 3; ++i) loop.call_soon([i] { say("callback", i); });
  say("queued");
  co_await asyncio::sleep(0);
  say("end");
}

namespace {
void step(asyncio::EventLoop loop, asyncio::Future<> done, int n) {
  say("step", n);
  if (n == 3) {
    done.set_result();
  } else {
    loop.call_soon([=] { step(loop, done, n + 1); });
  }
}
}  // namespace

SCENARIO(a_callback_that_queues_a_callback) {
  auto loop = asyncio::get_running_loop();
  auto done = future<void>();
  loop.call_soon([=] { step(loop, done, 0); });
  co_await asyncio::sleep(0);
  say("a tick");
  co_await asyncio::sleep(0);
  say("two ticks");
  co_await done;
}

SCENARIO(call_later_and_call_at) {
  auto loop = asyncio::get_running_loop();
  loop.call_later(2, [] { say("two"); });
  loop.call_later(1, [] { say("one"); });
  loop.call_at(1.5, [] { say("one and a half"); });
  loop.call_later(0, [] { say("soon"); });
  co_await asyncio::sleep(3);
}

SCENARIO(a_cancelled_handle_is_not_called) {
  auto loop = asyncio::get_running_loop();
  auto soon = loop.call_soon([] { say("never"); });
  auto later = loop.call_later(1, [] { say("never"); });
  soon.cancel();
  later.cancel();
  say(soon.cancelled(), later.cancelled());
  co_await asyncio::sleep(2);
}

SCENARIO(a_callback_cancels_the_next) {
  auto loop = asyncio::get_running_loop();
  std::vector<asyncio::Handle> handles;
  loop.call_soon([&] { handles[0].cancel(); });
  handles.push_back(loop.call_soon([] { say("never"); }));
  loop.call_soon([] { say("third"); });
  co_await asyncio::sleep(0);
}

SCENARIO(callbacks_and_tasks_take_turns) {
  auto loop = asyncio::get_running_loop();
  loop.call_soon([] { say("callback one"); });
  auto task = asyncio::create_task(worker("task", 0));
  loop.call_soon([] { say("callback two"); });
  co_await task;
}

SCENARIO(the_loop_says_that_it_runs) {
  auto loop = asyncio::get_running_loop();
  say(loop.is_running(), loop.is_closed(), loop.get_debug());
  say(how_of([&] { loop.close(); }));
  auto coroutine = at_once(1);
  say(how_of([&] { return asyncio::run(std::move(coroutine)); }));
  coroutine.close();
  auto f = future();
  say(how_of([&] { return loop.run_until_complete(f); }));
  co_return;
}

SCENARIO(the_clock_goes_by_sleeps_alone) {
  auto loop = asyncio::get_running_loop();
  const double start = loop.time();
  for (int i = 0; i < 1000; ++i) co_await asyncio::sleep(0);
  say(loop.time() - start);
  co_await asyncio::sleep(86400);
  say(loop.time() - start);
}

PROGRAM(run_gives_the_value) { say(run(after(1, "value"))); }

PROGRAM(run_passes_an_error_on) {
  say(how_of([] { return run(fail_after(1, "broken")); }));
}

namespace {
using tasks = std::vector<Task<>>;

Coro<> left_over(std::string name, double delay) { co_await worker(name, delay); }

Coro<> leave_one(tasks* left, bool fail) {
  left->push_back(asyncio::create_task(left_over("left", 100)));
  co_await asyncio::sleep(1);
  if (fail) throw asyncio::ValueError("main's");
  say("main ends");
}
}  // namespace

PROGRAM(run_cancels_what_is_left) {
  tasks left;
  run(leave_one(&left, false));
  say(left[0].cancelled());
}

PROGRAM(run_cancels_what_is_left_after_an_error) {
  tasks left;
  say(how_of([&] { run(leave_one(&left, true)); }));
  say(left[0].cancelled());
}

PROGRAM(run_waits_for_the_cleanup_of_what_is_left) {
  auto leaver = []() -> Coro<> {
    auto result = co_await asyncio::as_result(asyncio::sleep(100));
    co_await asyncio::sleep(5);
    say("cleaned up");
    result.rethrow();
  };
  auto main = [&]() -> Coro<> {
    asyncio::create_task(leaver());
    co_await asyncio::sleep(1);
  };
  run(main());
  say("run is over");
}

PROGRAM(what_is_left_and_never_began_never_runs) {
  tasks left;
  auto main = [&]() -> Coro<> {
    left.push_back(asyncio::create_task(left_over("left", 1)));
    co_return;
  };
  run(main());
  say(left[0].cancelled());
}

PROGRAM(what_is_ready_when_run_ends_takes_no_more_steps) {
  tasks left;
  auto parent = [&]() -> Coro<> {
    co_await asyncio::sleep(0);
    left.push_back(asyncio::create_task(left_over("child", 1)));
    say("child is created");
    co_await asyncio::sleep(0);
    say("never");
  };
  auto main = [&]() -> Coro<> {
    left.insert(left.begin(), asyncio::create_task(parent));
    co_await asyncio::sleep(0);
    say("main ends");
  };
  run(main());
  say(std::vector<bool>{left[0].cancelled(), left[1].cancelled()});
}

PROGRAM(several_are_left) {
  auto main = []() -> Coro<> {
    for (std::string name : {"a", "b", "c"}) asyncio::create_task(worker(name, 100));
    co_await asyncio::sleep(1);
  };
  run(main());
}

PROGRAM(one_that_is_left_swallows_the_request) {
  auto stubborn = []() -> Coro<> {
    try {
      co_await asyncio::sleep(100);
    } catch (const CancelledError&) {
      say("no");
    }
    co_await asyncio::sleep(1);
    say("now");
  };
  tasks left;
  auto main = [&]() -> Coro<> {
    left.push_back(asyncio::create_task(stubborn()));
    co_await asyncio::sleep(1);
  };
  run(main());
  say(left[0].cancelled());
}

PROGRAM(main_cancels_itself) {
  auto main = []() -> Coro<> {
    asyncio::current_task().cancel("myself");
    co_await asyncio::sleep(1);
  };
  say(how_of([&] { run(main()); }));
}

PROGRAM(one_run_after_another) {
  say(run(after(1, 1)));
  say(run(after(2, 2)));
}

PROGRAM(a_runner_runs_several) {
  asyncio::Runner runner({.virtual_clock = true});
  say(runner.run(after(1, "one")));
  say(runner.run(after(1, "two")));
  say(runner.get_loop().is_closed());
  runner.close();
  say(how_of([&] { runner.get_loop(); }));
}

PROGRAM(run_until_complete_leaves_the_others_pending) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  auto task = loop.create_task(worker("other", 3));
  say(loop.run_until_complete(after(1, "first")));
  say(task.done());
  say(loop.run_until_complete(task));
  say(loop.is_running(), loop.is_closed());
  loop.close();
  say(loop.is_closed());
}

PROGRAM(a_closed_loop) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.close();
  loop.close();
  say(how_of([&] { loop.call_soon([] { say("never"); }); }));
}

PROGRAM(outside_of_any_loop) {
  say(how_of([] { asyncio::get_running_loop(); }));
  auto coroutine = at_once(1);
  say(how_of([&] { asyncio::create_task(std::move(coroutine)); }));
  coroutine.close();
}

namespace {
template <class E>
Coro<> leave(E error) {
  throw error;
  co_return;
}
}  // namespace

PROGRAM(a_task_that_asks_to_exit_ends_the_run_at_once) {
  auto say_often = [](std::string name) -> Coro<> {
    for (int i = 0; i < 3; ++i) {
      say(name);
      co_await asyncio::sleep(0);
    }
  };
  auto main = [&]() -> Coro<std::string> {
    auto a = asyncio::create_task(say_often("a"));
    auto leaver = asyncio::create_task(leave(asyncio::SystemExit(3)));
    auto c = asyncio::create_task(say_often("c"));
    co_await asyncio::sleep(0);
    say("main goes on");
    co_await a;
    co_await c;
    co_return describe(leaver.exception());
  };
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  auto task = loop.create_task(main().with_closure_kept());
  say(how_of([&] { return loop.run_until_complete(task); }));
  say(task.done());
  say(how_of([&] { return loop.run_until_complete(task); }));
  loop.close();
}

PROGRAM(a_callback_that_asks_to_exit_leaves_the_rest_for_the_next_run) {
  auto exit = [] { throw asyncio::KeyboardInterrupt("callback"); };
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.call_soon([] { say("first"); });
  loop.call_soon(exit);
  loop.call_soon([] { say("second"); });
  say(how_of([&] { loop.run_forever(); }));
  loop.call_soon([&] { loop.stop(); });
  say(how_of([&] { loop.run_forever(); }));
  loop.close();
}

PROGRAM(who_awaits_a_task_that_asks_to_exit_sees_it_in_the_next_run) {
  auto main = []() -> Coro<std::string> {
    co_return co_await how(asyncio::create_task(leave(asyncio::SystemExit(4))));
  };
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  auto task = loop.create_task(main());
  say(how_of([&] { return loop.run_until_complete(task); }));
  say(how_of([&] { return loop.run_until_complete(task); }));
  loop.close();
}

PROGRAM(main_asks_to_exit) {
  say(how_of([] { run(leave(asyncio::KeyboardInterrupt("main"))); }));
  say(how_of([] { run(leave(asyncio::SystemExit(9))); }));
}

PROGRAM(a_callback_asks_to_exit_when_main_has_ended) {
  auto exit = [] { throw asyncio::KeyboardInterrupt("callback"); };
  auto main = [&]() -> Coro<int> {
    asyncio::get_running_loop().call_soon(exit);
    co_return 8;
  };
  say(how_of([&] { return run(main()); }));
}

PROGRAM(a_task_of_a_group_asks_to_exit) {
  std::vector<Task<std::string>> left;
  auto main = [&]() -> Coro<> {
    auto body = [&](asyncio::TaskGroup& group) -> Coro<> {
      group.create_task(leave(asyncio::SystemExit(2)));
      left.push_back(group.create_task(worker("sibling", 100)));
      co_return;
    };
    const auto result = co_await asyncio::as_result(asyncio::task_group(body));
    say("main ends");
    result.rethrow();
  };
  say(how_of([&] { run(main()); }));
  say(left[0].cancelled());
}

PROGRAM(what_is_left_asks_to_exit) {
  auto leaver = []() -> Coro<> {
    bool cancelled = false;
    try {
      co_await asyncio::sleep(100);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) throw asyncio::SystemExit(7);
  };
  auto main = [&](bool fail) -> Coro<> {
    asyncio::create_task(leaver());
    co_await asyncio::sleep(1);
    if (fail) throw asyncio::ValueError("main's");
  };
  say(how_of([&] { run(main(false)); }));
  say(how_of([&] { run(main(true)); }));
}
