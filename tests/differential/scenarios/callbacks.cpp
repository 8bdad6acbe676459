#include <map>
#include <thread>

#include "scenario.hpp"

using namespace differential;
using asyncio::EventLoop;
using asyncio::ExceptionContext;
using asyncio::Future;
using asyncio::ValueError;

SCENARIO(callbacks_of_a_future_in_their_order) {
  auto f = future();
  for (const char* name : {"a", "b", "c"}) f.add_done_callback([name](Future<int>) { say(name); });
  f.set_result(1);
  f.add_done_callback([](Future<int>) { say("added when it was done"); });
  asyncio::get_running_loop().call_soon([] { say("called soon"); });
  co_await asyncio::sleep(0);
  say("a tick later");
}

SCENARIO(a_callback_that_adds_a_callback) {
  auto f = future();
  f.add_done_callback([](Future<int> f) {
    say("first");
    f.add_done_callback([](Future<int>) { say("second"); });
  });
  f.set_result(1);
  co_await asyncio::sleep(0);
  say("a tick");
  co_await asyncio::sleep(0);
  say("two ticks");
}

namespace {
void never(Future<int>) { say("never"); }
void late(Future<int>) { say("called all the same"); }
}  // namespace

SCENARIO(a_callback_removed_between_others) {
  auto f = future();
  f.add_done_callback([](Future<int>) { say("before"); });
  f.add_done_callback(&never);
  f.add_done_callback([](Future<int>) { say("behind"); });
  const auto first = f.remove_done_callback(&never);
  say(first, f.remove_done_callback(&never));
  f.set_result(1);
  co_await asyncio::sleep(0);
  say(f.remove_done_callback(&never));
}

SCENARIO(a_callback_removed_when_it_is_queued) {
  auto f = future();
  f.add_done_callback(&late);
  f.set_result(1);
  say(f.remove_done_callback(&late));
  co_await asyncio::sleep(0);
}

SCENARIO(a_callback_that_fails_is_reported_and_the_others_run) {
  asyncio::get_running_loop().set_exception_handler(
      [](const EventLoop&, const ExceptionContext& c) { say("handler:", describe(c.exception)); });
  auto f = future();
  f.add_done_callback([](Future<int>) { throw ValueError("in the callback"); });
  f.add_done_callback([](Future<int>) { say("the next"); });
  f.set_result(1);
  co_await asyncio::sleep(0);
  co_await asyncio::sleep(0);
}

SCENARIO(a_callback_of_a_task_sees_how_it_ended) {
  auto look = [](Task<int> t) { say(t.get_name(), t.cancelled(), how_of([&] { return t.result(); })); };
  std::vector<Task<int>> tasks;
  tasks.push_back(asyncio::create_task(after(1, 5), {.name = "a"}));
  tasks.push_back(asyncio::create_task(fail_after(2, "broken"), {.name = "b"}));
  tasks.push_back(asyncio::create_task(after(3, 0), {.name = "c"}));
  for (auto& t : tasks) t.add_done_callback(look);
  asyncio::get_running_loop().call_later(2.5, [t = tasks[2]] { t.cancel(); });
  co_await asyncio::wait(tasks);
}

SCENARIO(a_callback_cancels_another_task) {
  auto a = asyncio::create_task(after(1, 1));
  auto b = asyncio::create_task(after(5, 2));
  a.add_done_callback([b](Task<int>) { b.cancel(); });
  say(co_await how(b));
}

SCENARIO(a_callback_sets_a_future) {
  auto first = future(), second = future();
  first.add_done_callback([second](Future<int> f) mutable { second.set_result(f.result() + 1); });
  asyncio::get_running_loop().call_later(1, [first]() mutable { first.set_result(1); });
  say(co_await second);
}

SCENARIO(handles_that_are_cancelled) {
  auto loop = asyncio::get_running_loop();
  auto soon = loop.call_soon([] { say("never"); });
  auto later = loop.call_later(1, [] { say("never"); });
  auto at = loop.call_at(2, [] { say("never"); });
  const auto try_it = [](auto& handle) {
    say(handle.cancelled());
    handle.cancel();
    handle.cancel();
    say(handle.cancelled());
  };
  try_it(soon);
  try_it(later);
  try_it(at);
  co_await asyncio::sleep(3);
}

SCENARIO(a_handle_cancelled_after_the_call) {
  auto handle = asyncio::get_running_loop().call_soon([] { say("called"); });
  co_await asyncio::sleep(0);
  handle.cancel();
  say(handle.cancelled());
}

SCENARIO(when_a_timer_is_due) {
  auto loop = asyncio::get_running_loop();
  say(loop.call_later(1.5, [] { say("later"); }).when());
  say(loop.call_at(2.25, [] { say("at"); }).when());
  co_await asyncio::sleep(3);
}

SCENARIO(a_timer_cancels_a_timer_of_its_turn) {
  auto loop = asyncio::get_running_loop();
  std::map<char, asyncio::TimerHandle> handles;
  loop.call_later(1, [&] {
    say("first");
    handles.at('b').cancel();
  });
  handles.emplace('b', loop.call_later(2, [] { say("never"); }));
  loop.call_later(3, [] { say("third"); });
  co_await asyncio::sleep(4);
}

SCENARIO(a_time_gone_by) {
  auto loop = asyncio::get_running_loop();
  co_await asyncio::sleep(5);
  loop.call_at(1, [] { say("at once"); });
  loop.call_later(-1, [] { say("at once, too"); });
  loop.call_soon([] { say("soon"); });
  co_await asyncio::sleep(0);
  say("a tick");
  co_await asyncio::sleep(0);
  say("two ticks");
}

namespace {
void step(int n, Future<std::string> done) {
  say("step", n);
  if (n == 3) return done.set_result("end");
  asyncio::get_running_loop().call_later(n + 1, &step, n + 1, done);
}
}  // namespace

SCENARIO(timers_set_in_a_row) {
  auto done = future<std::string>();
  step(0, done);
  say(co_await done);
}

SCENARIO(call_soon_from_a_thread) {
  auto loop = asyncio::get_running_loop();
  auto done = future<std::string>();
  auto elsewhere = [loop, done] { loop.call_soon_threadsafe([done]() mutable { done.set_result("from a thread"); }); };
  co_await asyncio::gather(asyncio::to_thread(elsewhere), done);
  say(done.result());
}

namespace {
double divide(int a, int b) {
  if (b == 0) throw ValueError("by nothing");
  return static_cast<double>(a) / b;
}
}  // namespace

SCENARIO(values_and_errors_of_threads) {
  auto loop = asyncio::get_running_loop();
  say(co_await asyncio::to_thread(divide, 6, 2));
  say(co_await how(asyncio::to_thread(divide, 6, 0)));
  say(co_await loop.run_in_executor({}, divide, 8, 2));
  say(co_await how(loop.run_in_executor({}, divide, 8, 0)));
  const auto other = co_await asyncio::to_thread([] { return std::this_thread::get_id(); });
  say(other == std::this_thread::get_id());
}

SCENARIO(several_threads_at_once) {
  std::vector<Coro<std::string>> calls;
  for (int n = 0; n < 4; ++n) calls.push_back(asyncio::to_thread([](int i) { return std::to_string(i); }, n));
  say(co_await asyncio::gather(std::move(calls)));
}

SCENARIO(a_coroutine_from_a_thread) {
  auto loop = asyncio::get_running_loop();
  auto elsewhere = [loop] {
    auto good = asyncio::run_coroutine_threadsafe(after(0, "value"), loop).result();
    auto bad = how_of([&] { return asyncio::run_coroutine_threadsafe(fail_after(0, "broken"), loop).result(); });
    return std::vector<std::string>{good, bad};
  };
  auto done = loop.run_in_executor({}, elsewhere);
  while (!done.done()) co_await asyncio::sleep(0);
  const auto texts = co_await done;
  say(texts.size(), texts[1]);
}

namespace {
void say_these(int n, const std::string& word, const std::vector<int>& more) { say(n, word, more); }
void say_two(int n, const std::string& word) { say(n, word); }
}  // namespace

SCENARIO(a_call_soon_with_arguments) {
  auto loop = asyncio::get_running_loop();
  const std::vector<int> three{3};
  loop.call_soon(&say_these, 1, "two", three);
  loop.call_later(1, &say_two, 4, "five");
  co_await asyncio::sleep(2);
}

SCENARIO(the_handler_of_a_handler_that_fails) {
  auto loop = asyncio::get_running_loop();
  std::vector<std::string> calls;
  loop.set_exception_handler([&](const EventLoop&, const ExceptionContext& context) {
    calls.push_back(context.message);
    throw asyncio::RuntimeError("the handler itself");
  });
  loop.call_exception_handler(ExceptionContext("first"));
  say(calls);
  loop.set_exception_handler(nullptr);
  say(loop.get_exception_handler() == nullptr);
  co_return;
}

SCENARIO(what_a_failing_callback_is_told_as) {
  auto loop = asyncio::get_running_loop();
  loop.set_exception_handler([](const EventLoop&, const ExceptionContext& c) {
    say(c.message.substr(0, "Exception in callback"s.size()), "|", describe(c.exception));
  });
  auto fail = [] { throw ValueError("x"); };
  loop.call_soon(fail);
  loop.call_later(1, fail);
  co_await asyncio::sleep(2);
}

PROGRAM(a_future_awaited_by_run_until_complete) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  auto f = loop.create_future<std::string>();
  loop.call_later(2, [f]() mutable { f.set_result("value"); });
  say(loop.run_until_complete(f));
  auto g = loop.create_future<int>();
  loop.call_later(2, [g] { g.cancel(); });
  say(how_of([&] { return loop.run_until_complete(g); }));
  loop.close();
}

PROGRAM(stop_before_the_run_runs_one_turn) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  loop.call_soon([] { say("once"); });
  loop.call_soon([loop] { loop.call_soon([] { say("not yet"); }); });
  loop.stop();
  loop.run_forever();
  say("stopped");
  loop.stop();
  loop.run_forever();
  loop.close();
}

PROGRAM(tasks_are_left_where_they_are_when_a_loop_stops) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  const double start = loop.time();
  const auto stop = [loop] { loop.stop(); };
  auto task = loop.create_task(after(3, "value"));
  loop.call_later(1, stop);
  loop.run_forever();
  say(task.done(), loop.time() - start);
  loop.call_later(1, stop);
  loop.run_forever();
  say(task.done(), loop.time() - start);
  const auto value = loop.run_until_complete(task);
  say(value, loop.time() - start);
  loop.close();
}

PROGRAM(a_loop_run_again_and_again) {
  auto loop = asyncio::new_event_loop({.virtual_clock = true});
  for (int n = 0; n < 3; ++n) say(loop.run_until_complete(at_once(n)), loop.is_running());
  say(how_of([&] { return loop.run_until_complete(fail_after(1, "broken")); }));
  say(loop.run_until_complete(after(1, "goes on")));
  loop.close();
  say(loop.is_closed());
}

PROGRAM(a_runner_keeps_its_context) {
  static const asyncio::ContextVar<std::string> variable("variable", "none");
  auto change = [](std::string value) -> Coro<std::string> {
    const auto before = variable.get();
    variable.set(value);
    co_return before;
  };
  {
    asyncio::Runner runner({.virtual_clock = true});
    say(runner.run(change("one")));
    say(runner.run(change("two")));
    const auto own = asyncio::copy_context();
    say(runner.run(change("three"), own));
    say(runner.run(change("four")));
  }
  say(variable.get());
}

PROGRAM(a_runner_after_its_end) {
  asyncio::Runner runner({.virtual_clock = true});
  say(runner.run(at_once(1)));
  runner.close();
  runner.close();
  auto coroutine = at_once(2);
  say(how_of([&] { return runner.run(std::move(coroutine)); }));
  coroutine.close();
}

PROGRAM(a_runner_goes_on_after_an_error) {
  asyncio::Runner runner({.virtual_clock = true});
  say(how_of([&] { return runner.run(fail_after(1, "broken")); }));
  say(runner.run(after(1, "fine")));
}

PROGRAM(tasks_live_on_between_the_runs_of_a_runner) {
  std::vector<Task<std::string>> tasks;
  auto begin = [&]() -> Coro<> {
    tasks.push_back(asyncio::create_task(after(5, "late")));
    co_return;
  };
  auto look = [&]() -> Coro<bool> {
    co_await asyncio::sleep(1);
    co_return tasks[0].done();
  };
  asyncio::Runner runner({.virtual_clock = true});
  runner.run(begin());
  say(runner.run(look()));
  say(runner.run(asyncio::wait_for(tasks[0], 10)));
}
