// Eager tasks and task factories: group C42.
#include <algorithm>

#include "doors.hpp"

using namespace conformance;

namespace {

const asyncio::ContextVar<int> number("number", 0);

Coro<int> plain(int value) { co_return value; }

Coro<int> yielding(int value) {
  co_await asyncio::sleep(0);
  co_return value;
}

Coro<> leaves(int code) {
  throw asyncio::SystemExit(code);
  co_return;
}

}  // namespace

IN_BOTH_DOORS(eager, what_does_not_wait_is_done_at_once) {
  auto task = asyncio::create_task(plain(3), {.eager_start = true});
  EXPECT_TRUE(task.done());
  EXPECT_EQ(task.result(), 3);
  EXPECT_EQ(co_await task, 3);
}

IN_BOTH_DOORS(eager, what_waits_goes_on_later) {
  Log log;
  auto child = [&]() -> Coro<int> {
    log("begins");
    co_await asyncio::sleep(0.1);
    log("ends");
    co_return 4;
  };
  auto task = asyncio::create_task(child().with_closure_kept(), {.eager_start = true});
  log("created");
  EXPECT_FALSE(task.done());
  EXPECT_EQ(co_await task, 4);
  EXPECT_EQ(log.entries(), (Entries{"begins", "created", "ends"}));
}

IN_BOTH_DOORS(eager, is_the_current_task_while_it_runs) {
  const asyncio::AnyTask self = asyncio::current_task();
  asyncio::AnyTask seen;
  bool among_all = false;
  auto child = [&]() -> Coro<> {
    seen = asyncio::current_task();
    const auto all = asyncio::all_tasks();
    among_all = std::find(all.begin(), all.end(), seen) != all.end();
    co_return;
  };
  auto task = asyncio::create_task(child().with_closure_kept(), {.eager_start = true});
  EXPECT_TRUE(seen == asyncio::AnyTask(task));
  EXPECT_TRUE(among_all);
  EXPECT_TRUE(asyncio::current_task() == self);
  EXPECT_EQ(asyncio::all_tasks().size(), 1u);
  co_return;
}

IN_BOTH_DOORS(eager, stays_among_the_tasks_while_it_waits) {
  auto gate = new_future<int>();
  auto task =
      asyncio::create_task([](Future<int> f) -> Coro<int> { co_return co_await f; }(gate), {.eager_start = true});
  EXPECT_EQ(asyncio::all_tasks().size(), 2u);
  gate.set_result(2);
  EXPECT_EQ(co_await task, 2);
}

IN_BOTH_DOORS(eager, an_exception_is_the_tasks_own) {
  auto fail = []() -> Coro<> {
    throw asyncio::ValueError("eager");
    co_return;
  };
  auto task = asyncio::create_task(fail(), {.eager_start = true});
  EXPECT_TRUE(task.done());
  EXPECT_EQ(co_await ending(task), "ValueError: eager");
}

IN_BOTH_DOORS(eager, a_request_to_exit_leaves_create_task_and_not_the_run) {
  Log log;
  auto loop = asyncio::get_running_loop();
  loop.set_exception_handler([&](const asyncio::EventLoop&, const asyncio::ExceptionContext& c) {
    log(c.message + ": " + describe(c.exception));
  });
  EXPECT_EQ(ending_of([] { asyncio::create_task(leaves(3), {.eager_start = true}); }), "SystemExit: 3");
  EXPECT_EQ(log.entries(), (Entries{"Task exception was never retrieved: SystemExit: 3"}));
  co_await settle();
  EXPECT_EQ(asyncio::all_tasks().size(), 1u);

  auto body = [](asyncio::TaskGroup& tg) { tg.create_task(leaves(4), {.eager_start = true}); };
  EXPECT_EQ(co_await ending(asyncio::task_group(body)), "SystemExit: 4");
  loop.set_exception_handler(nullptr);
}

IN_BOTH_DOORS(eager, a_task_within_one_has_its_own_request_to_exit) {
  auto inner = []() -> Coro<int> {
    co_return ending_of([] { asyncio::create_task(leaves(5), {.eager_start = true}); }) == "SystemExit: 5";
  };
  EXPECT_EQ(asyncio::create_task(inner(), {.eager_start = true}).result(), 1);
  auto passes_it_on = []() -> Coro<> {
    asyncio::create_task(leaves(6), {.eager_start = true});
    co_return;
  };
  EXPECT_EQ(ending_of([&] { asyncio::create_task(passes_it_on(), {.eager_start = true}); }), "SystemExit: 6");
  co_await settle();
}

TEST(eager, a_request_to_exit_ends_the_run_when_nobody_stops_it) {
  const auto in_a_task = []() -> Coro<> {
    asyncio::create_task(leaves(7), {.eager_start = true});
    co_return;
  };
  const auto in_a_callback = []() -> Coro<> {
    asyncio::get_running_loop().call_soon([] { asyncio::create_task(leaves(7), {.eager_start = true}); });
    co_await asyncio::sleep(1000);
  };
  const auto after_a_wait = []() -> Coro<> {
    auto waits = []() -> Coro<> {
      co_await asyncio::sleep(0);
      throw asyncio::SystemExit(7);
    };
    asyncio::create_task(waits(), {.eager_start = true});
    co_await asyncio::sleep(1000);
  };
  const auto by_way_of_threadsafe = []() -> Coro<> {
    auto loop = asyncio::get_running_loop();
    loop.set_task_factory(asyncio::eager_task_factory);
    asyncio::run_coroutine_threadsafe(leaves(7), loop);
    co_await asyncio::sleep(1000);
  };
  for (const auto main : {+in_a_task, +in_a_callback, +after_a_wait, +by_way_of_threadsafe}) {
    EXPECT_EQ(ending_of([&] { return asyncio::run(main(), {.virtual_clock = true}), 0; }), "SystemExit: 7");
    EXPECT_EQ(ending_of([&] { return asyncio::run_parallel(main(), {.virtual_clock = true}), 0; }), "SystemExit: 7");
  }
}

IN_BOTH_DOORS(eager, may_be_cancelled_where_it_waits) {
  auto child = []() -> Coro<> { co_await asyncio::sleep(10); };
  auto task = asyncio::create_task(child().with_closure_kept(), {.eager_start = true});
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(co_await ending(task), "CancelledError");
  EXPECT_LT(now(), 1);
}

IN_BOTH_DOORS(eager, has_a_context_of_its_own) {
  number.set(1);
  auto child = []() -> Coro<int> {
    number.set(number.get() + 1);
    co_return number.get();
  };
  auto task = asyncio::create_task(child().with_closure_kept(), {.eager_start = true});
  EXPECT_EQ(task.result(), 2);
  EXPECT_EQ(number.get(), 1);
  co_return;
}

IN_BOTH_DOORS(eager, children_may_be_eager_in_turn) {
  struct depth {
    static Coro<int> of(int n) {
      if (n == 0) co_return 0;
      auto below = asyncio::create_task(of(n - 1), {.eager_start = true});
      EXPECT_TRUE(below.done());
      co_return below.result() + 1;
    }
  };
  auto task = asyncio::create_task(depth::of(20), {.eager_start = true});
  EXPECT_EQ(task.result(), 20);
  co_return;
}

IN_BOTH_DOORS(eager, a_done_callback_still_goes_through_the_loop) {
  Log log;
  auto task = asyncio::create_task(plain(1), {.eager_start = true});
  task.add_done_callback([&log](const Task<int>&) { log("called"); });
  co_await settle();
  EXPECT_EQ(log.entries(), (Entries{"called"}));
}

IN_BOTH_DOORS(eager, a_group_hears_of_children_that_are_done_at_once) {
  auto fail = []() -> Coro<> {
    throw asyncio::ValueError("child");
    co_return;
  };
  auto body = [&](asyncio::TaskGroup& tg) -> Coro<> {
    tg.create_task(plain(1), {.eager_start = true});
    tg.create_task(fail(), {.eager_start = true});
    co_await asyncio::sleep(10);
  };
  EXPECT_EQ(co_await ending(asyncio::task_group(body)),
            "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)");
  EXPECT_LT(now(), 1);
}

IN_BOTH_DOORS(eager, gather_takes_what_is_done_at_once) {
  auto loop = asyncio::get_running_loop();
  loop.set_task_factory(asyncio::eager_task_factory);
  auto&& [a, b, c] = co_await asyncio::gather(plain(1), yielding(2), plain(3));
  EXPECT_EQ(a + b + c, 6);
  loop.set_task_factory(nullptr);
}

IN_SERIAL_DOOR(eager, a_factory_makes_every_task_so_unless_it_is_asked_not_to) {
  auto loop = asyncio::get_running_loop();
  EXPECT_FALSE(loop.get_task_factory());
  loop.set_task_factory(asyncio::eager_task_factory);
  EXPECT_TRUE(loop.get_task_factory());
  EXPECT_TRUE(asyncio::create_task(plain(1)).done());
  EXPECT_TRUE(loop.create_task(plain(1)).done());
  auto lazy = asyncio::create_task(plain(2), {.eager_start = false});
  EXPECT_FALSE(lazy.done());
  EXPECT_EQ(co_await lazy, 2);
  loop.set_task_factory(nullptr);
  auto task = asyncio::create_task(plain(3));
  EXPECT_FALSE(task.done());
  EXPECT_EQ(co_await task, 3);
}

IN_BOTH_DOORS(eager, a_factory_may_choose_the_options) {
  auto loop = asyncio::get_running_loop();
  loop.set_task_factory([](asyncio::PendingTask& task, asyncio::TaskOptions options) {
    const std::string name = "made of " + task.coroutine();
    options.name = name;
    return task.start(options);
  });
  auto task = asyncio::create_task(plain(1));
  EXPECT_EQ(task.get_name(), "made of plain");
  loop.set_task_factory(asyncio::create_eager_task_factory(loop.get_task_factory()));
  auto eager = asyncio::create_task(plain(2));
  EXPECT_EQ(eager.get_name(), "made of plain");
  EXPECT_TRUE(eager.done());
  loop.set_task_factory(nullptr);
  EXPECT_EQ(co_await task, 1);
}

IN_BOTH_DOORS(eager, a_factory_that_makes_no_task_is_an_error) {
  auto loop = asyncio::get_running_loop();
  loop.set_task_factory([](asyncio::PendingTask&, asyncio::TaskOptions) { return asyncio::AnyTask(); });
  auto never = plain(1);
  const std::string how = ending_of([&] { return asyncio::create_task(std::move(never)); });
  EXPECT_EQ(how, "TypeError: a task factory must start the task that it is given, and give it back");
  loop.set_task_factory(nullptr);
  co_return;
}

TEST(eager, before_its_loop_runs_a_task_is_not_started) {
  auto loop = asyncio::new_event_loop();
  auto task = loop.create_task(plain(5), {.eager_start = true});
  EXPECT_FALSE(task.done());
  EXPECT_EQ(loop.run_until_complete(task), 5);
}

// Eager tasks that wait for each other and end on any worker.
static Coro<> many_eager() {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 500; ++i) {
    auto child = [](int value) -> Coro<int> {
      if (value % 3 == 0) co_await asyncio::sleep(0);
      auto inner = asyncio::create_task(yielding(value), {.eager_start = value % 2 == 0});
      co_return co_await inner;
    };
    tasks.push_back(asyncio::create_task(child(i), {.eager_start = true}));
    if (i % 50 == 0) tasks.back().cancel();
  }
  long sum = 0;
  const auto ends = co_await asyncio::gather(asyncio::return_exceptions, tasks);
  for (const auto& r : ends) {
    if (r) sum += asyncio::Result<int>(r).value();
  }
  EXPECT_GT(sum, 0);
}
TEST(eager, tasks_that_began_in_another_end_on_any_worker) {
  for (const unsigned workers : hocket::support::test_workers())
    asyncio::run_parallel(many_eager(), {.workers = workers});
}
