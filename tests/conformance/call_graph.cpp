// Call graphs: who awaits whom, and where everybody stands. As CPython 3.14's graph.py, whose names, order of frames,
// cuts and text these are; what it does not show, and this library does, says so.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>
#include <vector>

#include <hocket/loop/function_name.hpp>

#include "doors.hpp"

namespace conformance {
namespace {

using asyncio::FrameCallGraphEntry;
using asyncio::FutureCallGraph;

std::string bare(const std::string& name) {
  const auto at = name.rfind("::");
  return at == std::string::npos ? name : name.substr(at + 2);
}

std::string stack_text(const std::vector<FrameCallGraphEntry>& stack) {
  std::string text;
  for (const FrameCallGraphEntry& e : stack) {
    if (e.function.starts_with("hocket::")) continue;  // the library's own coroutines, as Python's taskgroups.py
    const char* const kind = e.kind == FrameCallGraphEntry::Kind::function    ? "s "
                             : e.kind == FrameCallGraphEntry::Kind::coroutine ? "a "
                                                                              : "ag ";
    text += (text.empty() ? "" : ", ") + std::string(kind) + bare(e.function);
  }
  return text;
}

/// "T<name> [a leaf, a root] <- (T<other> [a main])"; F is a future.
std::string text_of(const FutureCallGraph& g) {
  std::string text = g.future.task() ? "T<" + g.future.task().get_name() + ">" : "F";
  text += g.is_running ? " running" : " [" + stack_text(g.call_stack) + "]";
  if (g.awaited_by.empty()) return text;
  std::vector<std::string> by;
  for (const FutureCallGraph& a : g.awaited_by) by.push_back(text_of(a));
  text += " <- (";
  for (const std::string& b : by) text += (&b == by.data() ? "" : "; ") + b;
  return text + ")";
}

std::string graph_of(const asyncio::AnyFuture& f, asyncio::CallGraphOptions o = {}) {
  return text_of(*asyncio::capture_call_graph(f, o));
}

/// The addresses of objects, each as a number, in the order in which they come.
std::string with_ids_counted(const std::string& text) {
  std::string out;
  std::vector<std::string> known;
  const std::regex id("id=(0x[0-9a-f]+)");
  auto at = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), id), end; it != end; ++it) {
    auto found = std::find(known.begin(), known.end(), it->str(1));
    if (found == known.end()) found = known.insert(known.end(), it->str(1));
    out.append(at, text.cbegin() + it->position()) += "id=#" + std::to_string(found - known.begin() + 1);
    at = text.cbegin() + it->position() + it->length();
  }
  return out.append(at, text.cend());
}

/// Of each line of this file, which is the same however the compiler was given it.
std::string with_bare_files(const std::string& text) {
  return std::regex_replace(text, std::regex("File '[^']*/([^/']*)'"), "File '$1'");
}

std::string seen;  // what a test's coroutines found; one test at a time

[[gnu::noinline]] void looks() {
  seen = text_of(*asyncio::capture_call_graph({.depth = 2}));  // who called this
}

Coro<> looks_after_a_tick() {
  co_await asyncio::sleep(0);
  looks();
}

Coro<> deep() { co_await looks_after_a_tick(); }

Coro<> middle() { co_await deep(); }

Coro<> awaits(Task<> task) { co_await task; }

Coro<> awaits_future(Future<int> f) { (void)co_await f; }

Coro<> awaits_future_deeper(Future<int> f) { co_await awaits_future(f); }

Coro<> waits_for_ever() { co_await new_future<int>(); }

Coro<> two_deep() { co_await waits_for_ever(); }

}  // namespace

IN_SERIAL_DOOR(call_graph, a_task_of_a_group_is_awaited_by_the_groups_parent_and_by_who_awaits_it) {
  co_await asyncio::task_group([](asyncio::TaskGroup& group) -> Coro<> {
    asyncio::current_task().set_name("main");
    const Task<> task = group.create_task(middle(), {.name = "root"});
    group.create_task(awaits(task), {.name = "sub 1"});
    group.create_task(awaits(task), {.name = "sub 2"});
    co_return;
  });
  const std::string main =
      "T<main> [a call_graph_a_task_of_a_group_is_awaited_by_the_groups_parent_and_by_who_awaits_it]";
  EXPECT_EQ(seen, "T<root> [a looks_after_a_tick, a deep, a middle] <- (" + main + "; T<sub 1> [a awaits] <- (" + main +
                      "); T<sub 2> [a awaits] <- (" + main + "))");
}

IN_SERIAL_DOOR(call_graph, plain_functions_stand_between_the_call_and_the_coroutine) {
  const unsigned line = __LINE__ + 1;
  const auto graph = asyncio::capture_call_graph();
  EXPECT_EQ(graph->call_stack.at(0).function,
            "conformance::call_graph_plain_functions_stand_between_the_call_and_the_coroutine");
  EXPECT_EQ(graph->call_stack.at(0).line, line);
  std::string text;
  const auto inner = [&text] { text = text_of(*asyncio::capture_call_graph()); };
  inner();
  EXPECT_TRUE(std::regex_search(text, std::regex("\\[s <lambda>, a call_graph_plain_functions"))) << text;
  co_return;
}

namespace {
Coro<> main_gathers() { co_await asyncio::gather(middle(), asyncio::sleep(0)); }
Coro<> main_shields() { co_await asyncio::shield(middle()); }
Coro<> main_waits() {
  const std::vector tasks{asyncio::create_task(middle()), asyncio::create_task(deep())};
  (void)co_await asyncio::wait(tasks);
}
Coro<> limited() {
  co_await asyncio::timeout(1, [] { return middle(); });
}
Coro<> main_shields_a_limit() { co_await asyncio::shield(limited()); }
Coro<> main_awaits() {
  const Task<> task = asyncio::create_task(middle(), {.name = "there"});
  co_await task;
}
Coro<> main_waits_a_while() {
  co_await asyncio::wait_for(awaits(asyncio::create_task(middle(), {.name = "child"})), 1);
}

std::string as_main(Coro<> (*main)()) {
  const auto named = [main]() -> Coro<> {
    asyncio::current_task().set_name("main");
    co_await main();
  };
  asyncio::run(named(), {.virtual_clock = true});
  return std::regex_replace(seen, std::regex("Task-[0-9]+"), "Task-n");
}
}  // namespace

TEST(call_graph, a_child_is_awaited_by_who_awaits_what_it_completes) {
  EXPECT_EQ(as_main(main_gathers),
            "T<Task-n> [a looks_after_a_tick, a deep, a middle] <- (T<main> [a main_gathers, a <lambda>])");
  EXPECT_EQ(as_main(main_shields),
            "T<Task-n> [a looks_after_a_tick, a deep, a middle] <- (T<main> [a main_shields, a <lambda>])");
  EXPECT_EQ(as_main(main_shields_a_limit),
            "T<Task-n> [a looks_after_a_tick, a deep, a middle, a limited] <- (T<main> [a main_shields_a_limit, a "
            "<lambda>])");
  EXPECT_EQ(as_main(main_waits), "T<Task-n> [a looks_after_a_tick, a deep] <- (T<main> [a main_waits, a <lambda>])");
  EXPECT_EQ(as_main(main_awaits),
            "T<there> [a looks_after_a_tick, a deep, a middle] <- (T<main> [a main_awaits, a <lambda>])");
  EXPECT_EQ(
      as_main(main_waits_a_while),
      "T<child> [a looks_after_a_tick, a deep, a middle] <- (T<main> [a awaits, a main_waits_a_while, a <lambda>])");
}

namespace {
Coro<> main_starts_and_leaves() {
  auto all = asyncio::gather(middle(), asyncio::sleep(0));
  co_await asyncio::sleep(0.1);
  co_await all;
}
}  // namespace

// A difference: CPython names who called gather(), for as long as the child runs.
TEST(call_graph, a_child_of_a_gather_that_nobody_awaits_yet_is_awaited_by_nobody) {
  EXPECT_EQ(as_main(main_starts_and_leaves), "T<Task-n> [a looks_after_a_tick, a deep, a middle]");
}

IN_BOTH_DOORS(call_graph, a_future_is_awaited_by_tasks_and_they_by_others) {
  const auto future = new_future<int>();
  const auto a = asyncio::create_task(awaits_future_deeper(future), {.name = "A"});
  co_await settle();
  const auto b = asyncio::create_task(awaits_future(future), {.name = "B"});
  const auto c = asyncio::create_task(awaits(a), {.name = "C"});
  co_await settle();
  EXPECT_EQ(graph_of(future),
            "F [] <- (T<A> [a awaits_future, a awaits_future_deeper] <- (T<C> [a awaits]); T<B> [a awaits_future])");
  EXPECT_EQ(graph_of(b), "T<B> [a awaits_future]");
  future.set_result(1);
  co_await asyncio::gather(a, b, c);
  EXPECT_EQ(graph_of(a), "T<A> []");
  EXPECT_EQ(graph_of(future), "F []");
}

IN_BOTH_DOORS(call_graph, stacks_have_the_file_and_the_line_of_each_await) {
  const auto task = asyncio::create_task(two_deep(), {.name = "t"});
  co_await settle();
  const auto graph = asyncio::capture_call_graph(task);
  EXPECT_EQ(graph->call_stack.size(), 2u);
  if (graph->call_stack.size() != 2) co_return;
  EXPECT_EQ(graph->call_stack[0].function, "conformance::waits_for_ever");
  EXPECT_EQ(graph->call_stack[1].function, "conformance::two_deep");
  EXPECT_EQ(graph->call_stack[0].line + 2, graph->call_stack[1].line);
  EXPECT_TRUE(graph->call_stack[0].file.ends_with("call_graph.cpp"));
  task.cancel();
  co_await ending(task);
}

IN_BOTH_DOORS(call_graph, a_limit_keeps_the_outermost_or_the_innermost) {
  const auto task = asyncio::create_task(two_deep(), {.name = "t"});
  const auto by = asyncio::create_task(awaits(task), {.name = "by"});
  co_await settle();
  EXPECT_EQ(graph_of(task, {.limit = 1}), "T<t> [a two_deep] <- (T<by> [a awaits])");
  EXPECT_EQ(graph_of(task, {.limit = -1}), "T<t> [a waits_for_ever] <- (T<by> [a awaits])");
  EXPECT_EQ(graph_of(task, {.limit = 7}), "T<t> [a waits_for_ever, a two_deep] <- (T<by> [a awaits])");
  EXPECT_EQ(graph_of(task, {.limit = 0}), "T<t> [] <- (T<by> [])");
  // The depth is the current task's only.
  EXPECT_EQ(graph_of(task, {.depth = 2, .limit = -1}), "T<t> [a waits_for_ever] <- (T<by> [a awaits])");
  task.cancel();
  co_await ending(by);
}

IN_SERIAL_DOOR(call_graph, a_limit_and_a_depth_of_the_current_task) {
  std::vector<std::string> found;
  const auto inner = [&found]() -> Coro<> {
    for (const asyncio::CallGraphOptions o :
         {asyncio::CallGraphOptions{.limit = 1}, asyncio::CallGraphOptions{.limit = -1},
          asyncio::CallGraphOptions{.limit = 0}, asyncio::CallGraphOptions{.depth = 2, .limit = -1},
          asyncio::CallGraphOptions{.depth = 100}}) {
      found.push_back(stack_text(asyncio::capture_call_graph(o)->call_stack));
    }
    co_return;
  };
  co_await inner();
  const std::string main = "a call_graph_a_limit_and_a_depth_of_the_current_task";
  EXPECT_EQ(found, (Entries{main, "a <lambda>", "", main, ""}));
}

IN_SERIAL_DOOR(call_graph, tasks_in_the_ready_queue_stand_where_they_await) {
  const unsigned begin_line = __LINE__ + 1;
  const auto spins = []() -> Coro<> {
    for (;;) {
      co_await asyncio::sleep(0);
    }
  };
  const auto task = asyncio::create_task(spins(), {.name = "spins"});
  const auto fresh_before = asyncio::capture_call_graph(task);
  EXPECT_GE(fresh_before->call_stack.at(0).line, begin_line) << "it has not begun";
  EXPECT_LE(fresh_before->call_stack.at(0).line, begin_line + 4) << "g++ gives a function's last line";
  co_await asyncio::sleep(0);
  EXPECT_EQ(asyncio::capture_call_graph(task)->call_stack.at(0).line, begin_line + 2);
  EXPECT_FALSE(asyncio::capture_call_graph(task)->is_running);
  task.cancel();
  co_await ending(task);
  EXPECT_EQ(graph_of(task), "T<spins> []");
}

namespace {
asyncio::AsyncGenerator<int> gives() {
  co_yield 1;
  co_await looks_after_a_tick();
  co_yield 2;
}
Coro<> main_iterates() {
  ASYNC_FOR(const int x, gives()) {
    (void)x;
  }
}
}  // namespace

TEST(call_graph, a_generator_that_awaits_stands_between_its_coroutine_and_its_consumer) {
  EXPECT_EQ(as_main(main_iterates), "T<main> [a looks_after_a_tick, ag gives, a main_iterates, a <lambda>]");
}

namespace {
Coro<> main_forks() { co_await asyncio::when_all(middle(), deep()); }
Coro<> forks_waits(Future<int> f) { co_await asyncio::when_all(awaits_future(f), awaits_future(f)); }
}  // namespace

// An extension, as when_all is: its children are parts of their task, so their stacks go on with its own.
TEST(call_graph, a_child_of_when_all_stands_on_its_parent) {
  EXPECT_EQ(as_main(main_forks), "T<main> [a looks_after_a_tick, a deep, a main_forks, a <lambda>]");
}

IN_BOTH_DOORS(call_graph, children_of_when_all_are_looked_at_each) {
  const auto future = new_future<int>();
  const auto task = asyncio::create_task(forks_waits(future), {.name = "t"});
  co_await settle();
  const std::string child = "T<t> [a awaits_future, a forks_waits]";
  EXPECT_EQ(graph_of(future), "F [] <- (" + child + "; " + child + ")");
  EXPECT_EQ(graph_of(task), "T<t> [a forks_waits]");
  future.set_result(1);
  co_await task;
}

IN_SERIAL_DOOR(call_graph, outside_of_tasks_there_is_none) {
  bool was_none = false;
  const auto done = new_future<void>();
  asyncio::get_running_loop().call_soon([&] {
    was_none = !asyncio::capture_call_graph() && asyncio::format_call_graph().empty();
    done.set_result();
  });
  co_await done;
  EXPECT_TRUE(was_none);
}

TEST(call_graph, outside_of_a_loop_it_is_refused) {
  EXPECT_EQ(
      ending_of([] { return asyncio::capture_call_graph(); }),
      "RuntimeError: capture_call_graph() is called outside of a running event loop and no *future* to introspect "
      "was provided");
}

namespace {
Coro<> waits_for(Task<> task) {
  const std::vector one{task};
  (void)co_await asyncio::wait(one);
}
}  // namespace

IN_BOTH_DOORS(call_graph, a_ring_of_tasks_that_await_one_another_ends_where_it_closes) {
  const auto first = new_future<Task<>>();
  const auto begins = [](Future<Task<>> other) -> Coro<> {
    const Task<> task = co_await other;
    co_await task;
  };
  const Task<> a = asyncio::create_task(begins(first), {.name = "a"});
  const Task<> b = asyncio::create_task(waits_for(a), {.name = "b"});
  first.set_result(b);
  co_await settle();
  const std::string by = "T<a> [a <lambda>]";
  EXPECT_EQ(graph_of(a), by + " <- (T<b> [a waits_for] <- (" + by + "))");
  EXPECT_NE(asyncio::format_task_tree().find("(T) a (awaits itself)"), std::string::npos);
  b.cancel();
  co_await ending(a);
}

namespace {
constexpr int leaf_line = __LINE__ + 1;
Coro<> leaf() { co_await asyncio::sleep(1); }
constexpr int root_line = __LINE__ + 1;
Coro<> root() { co_await leaf(); }
[[gnu::noinline]] std::string asks(const Task<>& task) { return asyncio::format_call_graph(task); }
}  // namespace

IN_SERIAL_DOOR(call_graph, its_text_is_cpythons) {
  const auto task = asyncio::create_task(root(), {.name = "it's"});
  const auto by = asyncio::create_task(awaits(task));
  co_await asyncio::sleep(0);
  const std::string name = by.get_name();
  const auto line_of = [](const char* function, int l) {
    return "  |   File 'call_graph.cpp', line " + std::to_string(l) + ", in async conformance::" + function + "()\n";
  };
  const unsigned awaits_line = asyncio::capture_call_graph(by)->call_stack.at(0).line;
  EXPECT_EQ(with_bare_files(with_ids_counted(asks(task))) + "\n",
            "* Task(name=\"it's\", id=#1)\n  + Call stack:\n" + line_of("leaf", leaf_line) +
                line_of("root", root_line) + "  + Awaited by:\n    * Task(name='" + name +
                "', id=#2)\n      + Call stack:\n    " + line_of("awaits", static_cast<int>(awaits_line)));
  EXPECT_EQ(with_ids_counted(asyncio::format_call_graph(new_future<int>())), "* Future(id=#1)");
  EXPECT_EQ(asyncio::format_call_graph(task, {.limit = 0}).find("Call stack"), std::string::npos);
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const file = open_memstream(&text, &size);
  asyncio::print_call_graph(task, {.file = file});
  std::fclose(file);
  EXPECT_EQ(std::string(text, size), asks(task) + "\n");
  std::free(text);
  task.cancel();
  co_await ending(by);
}

IN_SERIAL_DOOR(call_graph, a_stack_is_given_from_the_outermost_and_printed_with_its_source) {
  const auto task = asyncio::create_task(root(), {.name = "t"});
  co_await asyncio::sleep(0);
  EXPECT_EQ(stack_text(task.get_stack()), "a root, a leaf");
  EXPECT_EQ(stack_text(task.get_stack(1)), "a leaf");
  EXPECT_EQ(stack_text(asyncio::AnyTask(task).get_stack(5)), "a root, a leaf");
  EXPECT_TRUE(task.get_stack(0).empty());
  const auto printed = [](const Task<>& t) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const file = open_memstream(&text, &size);
    t.print_stack({.limit = {}, .file = file});
    std::fclose(file);
    const std::string all(text, size);
    std::free(text);
    return all;
  };
  const std::string stack = printed(task);
  EXPECT_TRUE(stack.starts_with("Stack for <Task pending name='t' coro=<root() running")) << stack;
  EXPECT_NE(stack.find("> (most recent call last):\n  File \""), std::string::npos) << stack;
  EXPECT_NE(stack.find(", in conformance::root\n"), std::string::npos) << stack;
  EXPECT_LT(stack.find("in conformance::root"), stack.find("in conformance::leaf")) << stack;
  task.cancel();
  co_await ending(task);
  EXPECT_TRUE(printed(task).starts_with("No stack for <Task cancelled name='t'")) << printed(task);

  const auto fails = []() -> Coro<> {
    throw asyncio::ValueError("lost");
    co_return;
  };
  const Task<> failed = asyncio::create_task(fails());
  co_await asyncio::sleep(0);
  EXPECT_TRUE(printed(failed).ends_with("\nValueError: lost\n")) << printed(failed);
  EXPECT_FALSE(failed.state()->exception_was_seen());
  co_await ending(failed);
}

IN_SERIAL_DOOR(call_graph, a_tree_of_all_tasks_has_each_below_those_that_await_it) {
  asyncio::current_task().set_name("main");
  const auto task = asyncio::create_task(root(), {.name = "leaf"});
  const auto one = asyncio::create_task(awaits(task), {.name = "one"});
  const auto two = asyncio::create_task(awaits(task), {.name = "two"});
  co_await asyncio::sleep(0);
  const std::string bare_tree =
      std::regex_replace(asyncio::format_task_tree(), std::regex(" [^ ]*/([^/ ]*):[0-9]+"), " $1");
  EXPECT_EQ(bare_tree, R"(└── (T) main
    └──  conformance::call_graph_a_tree_of_all_tasks_has_each_below_those_that_await_it call_graph.cpp
└── (T) one
    └──  conformance::awaits call_graph.cpp
        └── (T) leaf
            └──  conformance::root call_graph.cpp
                └──  conformance::leaf call_graph.cpp
└── (T) two
    └──  conformance::awaits call_graph.cpp
        └── (T) leaf (see above))");
  task.cancel();
  co_await ending(one);
  co_await ending(two);
}

TEST(call_graph, functions_are_named_as_in_their_source) {
  using asyncio::qualified_name;
  // clang
  EXPECT_EQ(qualified_name("Coro<void> (anonymous namespace)::greet(std::string)"), "greet");
  EXPECT_EQ(qualified_name("hocket::Coro<std::vector<int>> ns::Server<int>::handle(int) const"), "ns::Server::handle");
  EXPECT_EQ(qualified_name("auto main()::(anonymous class)::operator()(int) const"), "main::<lambda>");
  EXPECT_EQ(qualified_name("Coro<body_value_t<Body>> hocket::run_group(Body) [Body = (lambda at a.cpp:3:4)]"),
            "hocket::run_group");
  EXPECT_EQ(qualified_name("const std::string &text()"), "text");
  EXPECT_EQ(qualified_name("unsigned long *count(void (*)(int))"), "count");
  // g++
  EXPECT_EQ(qualified_name("void {anonymous}::greet(greet(int)::_ZN12_GLOBAL__N_15greetEi.Frame*)"), "greet");
  EXPECT_EQ(qualified_name("hocket::Coro<T> ns::twice(T) [with T = int]"), "ns::twice");
  EXPECT_EQ(qualified_name("void {anonymous}::mid(int)::<lambda(int)>::operator()(Frame*)"), "mid::<lambda>");
  // demanglers
  EXPECT_EQ(qualified_name("main::$_0::operator()(int) const"), "main::<lambda>");
  EXPECT_EQ(qualified_name("(anonymous namespace)::mid(int)::{lambda(int)#1}::operator()(int) const"), "mid::<lambda>");
  EXPECT_EQ(qualified_name("Callable::operator()()"), "Callable::operator()");
}

}  // namespace conformance
