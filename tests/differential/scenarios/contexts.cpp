#include "scenario.hpp"

using namespace differential;
using asyncio::AsyncGenerator;
using asyncio::ContextVar;

namespace {
const ContextVar<std::string> name("name", "nobody");
const ContextVar<std::string> bare("bare");

std::string kind(const std::string& text) { return text.substr(0, text.find(':')); }
}  // namespace

SCENARIO(a_variable_and_its_default) {
  say(name.get());
  say(kind(how_of([] { return bare.get(); })));
  say(bare.get("fallback"));
  name.set("Ann");
  say(name.get());
  co_return;
}

SCENARIO(a_change_taken_back) {
  const auto first = name.set("Ann");
  const auto second = name.set("Bob");
  say(name.get(), second.old_value());
  name.reset(second);
  say(name.get());
  name.reset(first);
  say(name.get());
  say(kind(how_of([&] { name.reset(first); })));
  co_return;
}

SCENARIO(a_task_has_a_copy) {
  auto child = []() -> Coro<> {
    say("child", name.get());
    name.set("child's");
    co_await asyncio::sleep(1);
    say("child", name.get());
  };
  name.set("main's");
  auto task = asyncio::create_task(child);
  name.set("main's later");
  co_await asyncio::sleep(0);
  say("main", name.get());
  co_await task;
  say("main", name.get());
}

SCENARIO(an_awaited_coroutine_has_the_callers) {
  auto callee = []() -> Coro<> {
    name.set("callee's");
    co_return;
  };
  co_await callee();
  say(name.get());
}

SCENARIO(children_of_gather_and_group) {
  auto child = [](std::string text) -> Coro<> {
    const auto before = name.get();
    name.set(text);
    co_await asyncio::sleep(1);
    say(before, name.get());
  };
  name.set("parent's");
  co_await asyncio::gather(child("a"), child("b"));
  auto body = [&](asyncio::TaskGroup& tg) {
    tg.create_task(child("c"));
    name.set("changed");
    tg.create_task(child("d"));
  };
  co_await asyncio::task_group(body);
  say(name.get());
}

SCENARIO(callbacks_have_the_context_of_their_registration) {
  auto loop = asyncio::get_running_loop();
  auto f = future();
  name.set("first");
  loop.call_soon([] { say("soon", name.get()); });
  loop.call_later(1, [] { say("later", name.get()); });
  f.add_done_callback([](asyncio::Future<int>) { say("done", name.get()); });
  name.set("second");
  f.set_result(1);
  co_await asyncio::sleep(2);
}

SCENARIO(callbacks_in_a_context_that_is_given) {
  auto loop = asyncio::get_running_loop();
  const auto context = asyncio::copy_context();
  context.run([] { name.set("given"); });
  auto f = future();
  loop.call_soon([] { say("soon", name.get()); }, context);
  auto changes = [](asyncio::Future<int>) {
    say("done", name.get());
    name.set("changed");
  };
  f.add_done_callback(changes, {.context = context});
  f.set_result(1);
  co_await asyncio::sleep(0);
  say(context[name], name.get());
}

SCENARIO(a_task_in_a_context_that_is_given) {
  auto child = []() -> Coro<> {
    say("child", name.get());
    name.set("child's");
    co_await asyncio::sleep(0);
  };
  const auto context = asyncio::copy_context();
  context.run([] { name.set("given"); });
  auto first = asyncio::create_task(child(), {.context = context});
  co_await first;
  say(name.get(), context[name]);
  auto second = asyncio::create_task(child(), {.context = context});
  co_await second;
}

SCENARIO(a_copy_of_the_context) {
  name.set("before");
  const auto copy = asyncio::copy_context();
  name.set("after");
  say(copy[name], name.get());
  say(copy.run([] { return name.get(); }));
  copy.run([] { name.set("in the copy"); });
  say(copy[name], name.get());
  say(copy.contains(name), copy.contains(bare));
  say(copy.get(bare, "none"s));
  say(kind(how_of([&] { return copy[bare]; })));
  co_return;
}

SCENARIO(a_context_entered_twice) {
  const auto context = asyncio::copy_context();
  say(kind(how_of([&] { context.run([&] { context.run([] {}); }); })));
  co_return;
}

SCENARIO(a_thread_sees_a_copy) {
  auto look = [] {
    auto before = name.get();
    name.set("thread's");
    return before;
  };
  name.set("task's");
  say(co_await asyncio::to_thread(look));
  say(name.get());
}

SCENARIO(a_thread_of_an_executor_sees_nothing) {
  name.set("task's");
  say(co_await asyncio::get_running_loop().run_in_executor({}, [] { return name.get(); }));
}

SCENARIO(a_timeout_has_the_callers_context) {
  co_await asyncio::timeout(1, [] { name.set("inside"); });
  say(name.get());
}

namespace {
AsyncGenerator<std::string> names() {
  for (int n = 0; n < 2; ++n) {
    co_yield name.get();
    name.set("generator's " + std::to_string(n));
  }
}
}  // namespace

SCENARIO(a_generator_has_its_consumers_context) {
  name.set("consumer's");
  ASYNC_FOR(auto seen, names()) {
    say(seen, name.get());
  }
  say(name.get());
}

SCENARIO(a_shielded_task_has_the_context_of_the_call) {
  auto child = []() -> Coro<> {
    co_await asyncio::sleep(1);
    say("child", name.get());
  };
  name.set("at the call");
  auto shielded = asyncio::shield(child());
  name.set("later");
  co_await shielded;
}

SCENARIO(a_task_says_its_context) {
  name.set("seen");
  auto child = []() -> Coro<> {
    name.set("child's");
    co_return;
  };
  auto task = asyncio::create_task(child);
  say(task.get_context()[name]);
  co_await task;
  say(task.get_context()[name]);
}
