// The loop: order, names, several runs of one loop, and what run() does with what is left over.
#include "doors.hpp"

using namespace conformance;

IN_SERIAL_DOOR(loop, tasks_run_in_creation_order_and_not_before_their_creator_waits) {
  Log log;
  auto child = [&](int i) -> Coro<> {
    log(std::to_string(i));
    co_await asyncio::sleep(0);
    log(std::to_string(i) + "'");
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(asyncio::create_task(child, i));
  log("creator");
  co_await asyncio::gather(tasks);
  EXPECT_EQ(log.entries(), (Entries{"creator", "0", "1", "2", "0'", "1'", "2'"}));
}

IN_SERIAL_DOOR(loop, a_thousand_equal_sleeps_end_in_creation_order) {
  std::vector<int> order;
  std::vector<Task<>> tasks;
  auto child = [&](int i) -> Coro<> {
    co_await asyncio::sleep(1);
    order.push_back(i);
  };
  for (int i = 0; i < 1000; ++i) tasks.push_back(asyncio::create_task(child, i));
  co_await asyncio::gather(tasks);
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

IN_SERIAL_DOOR(loop, equal_deadlines_of_call_at_fire_in_the_order_they_were_made) {
  std::vector<int> order;
  auto loop = asyncio::get_running_loop();
  const double when = loop.time() + 1;
  for (int i = 0; i < 100; ++i) loop.call_at(when, [&order, i] { order.push_back(i); });
  co_await asyncio::sleep(2);
  EXPECT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

IN_SERIAL_DOOR(loop, sleep_zero_lets_what_was_queued_before_it_run) {
  Log log;
  asyncio::get_running_loop().call_soon([&] { log("callback"); });
  const int value = co_await asyncio::sleep(0, 5);
  log("resumed");
  EXPECT_EQ(value, 5);
  EXPECT_EQ(log.entries(), (Entries{"callback", "resumed"}));
}

IN_SERIAL_DOOR(loop, a_callback_queued_by_a_callback_runs_in_the_next_iteration) {
  Log log;
  auto loop = asyncio::get_running_loop();
  loop.call_soon([&] {
    log("first");
    loop.call_soon([&] { log("third"); });
  });
  loop.call_soon([&] { log("second"); });
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"first", "second"}));
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"first", "second", "third"}));
}

IN_SERIAL_DOOR(loop, code_between_two_waits_is_atomic) {
  long counter = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 1000; ++i) {
    tasks.push_back(asyncio::create_task([&]() -> Coro<> {
      for (int k = 0; k < 10; ++k) {
        const long seen = counter;
        counter = seen + 1;
        co_await asyncio::sleep(0);
      }
    }));
  }
  co_await asyncio::gather(tasks);
  EXPECT_EQ(counter, 10000);
}

IN_SERIAL_DOOR(loop, a_put_does_not_run_the_getter) {
  Log log;
  asyncio::Queue<int> queue;
  auto getter = asyncio::create_task([&]() -> Coro<> {
    co_await queue.get();
    log("got");
  });
  co_await asyncio::sleep(0);
  co_await queue.put(1);
  log("put");
  co_await getter;
  EXPECT_EQ(log.entries(), (Entries{"put", "got"}));
}

IN_SERIAL_DOOR(loop, done_callbacks_are_queued_in_registration_order_and_never_run_inline) {
  Log log;
  auto future = new_future<int>();
  future.add_done_callback([&](auto&&...) { log("one"); });
  future.add_done_callback([&](auto&&...) { log("two"); });
  future.set_result(1);
  log("set");
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"set", "one", "two"}));
  future.add_done_callback([&](auto&&...) { log("late"); });
  log("added");
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"set", "one", "two", "added", "late"}));
}

IN_BOTH_DOORS(loop, call_later_may_be_cancelled) {
  Log log;
  auto loop = asyncio::get_running_loop();
  auto first = loop.call_later(0.1, [&] { log("first"); });
  loop.call_later(0.2, [&] { log("second"); });
  first.cancel();
  co_await asyncio::sleep(0.3);
  EXPECT_EQ(log.entries(), (Entries{"second"}));
}

IN_BOTH_DOORS(loop, a_sleep_is_awaited_once) {
  auto nap = asyncio::sleep(2);
  auto with_value = asyncio::sleep(2, 5);
  co_await nap;
  const int value = co_await with_value;
  EXPECT_EQ(value, 5);
  const double start = now();
  std::vector<std::string> endings;
  for (int way = 0; way < 4; ++way) {
    try {
      if (way == 0) co_await nap;
      if (way == 1) (void)co_await with_value;
      if (way == 2) co_await asyncio::wait_for(std::move(nap), 10);
      if (way == 3) (void)co_await asyncio::create_task(std::move(with_value));
      endings.push_back("returned");
    } catch (const asyncio::RuntimeError& e) {
      endings.push_back(e.what());
    }
  }
  EXPECT_EQ(endings, std::vector<std::string>(4, "cannot reuse already awaited coroutine"));
  EXPECT_EQ(now(), start);
}

IN_BOTH_DOORS(loop, sleep_gives_back_its_value_and_never_wakes_early) {
  const double start = now();
  const std::string value = co_await asyncio::sleep(2.5, std::string("slept"));
  EXPECT_EQ(value, "slept");
  EXPECT_GE(now() - start, 2.5);
}

IN_BOTH_DOORS(loop, awaiting_runs_in_the_same_task) {
  auto self = asyncio::current_task();
  auto callee = []() -> Coro<bool> { co_return asyncio::current_task().get_name().size() > 0; };
  const bool named = co_await callee();
  EXPECT_TRUE(named);
  EXPECT_TRUE(asyncio::current_task() == self);
}

IN_BOTH_DOORS(loop, all_tasks_gives_those_that_are_not_done) {
  auto first = asyncio::create_task([]() -> Coro<> { co_await asyncio::sleep(1); });
  auto second = asyncio::create_task([]() -> Coro<> { co_await asyncio::sleep(2); });
  EXPECT_EQ(asyncio::all_tasks().size(), 3u);  // with the main task
  co_await first;
  EXPECT_EQ(asyncio::all_tasks().size(), 2u);
  co_await second;
  EXPECT_EQ(asyncio::all_tasks().size(), 1u);
}

TEST(loop, names_its_first_task_Task_1) {
  // Names count over the life of the process, as in Python; the first run of this process may lie behind.
  auto body = []() -> Coro<std::string> { co_return asyncio::current_task().get_name(); };
  const std::string first = asyncio::run(body());
  const std::string second = asyncio::run(body());
  EXPECT_TRUE(first.starts_with("Task-")) << first;
  EXPECT_EQ(std::stoi(first.substr(5)) + 1, std::stoi(second.substr(5)));
}

IN_BOTH_DOORS(loop, a_task_may_have_a_name_of_its_own) {
  asyncio::TaskOptions options;
  options.name = "mine";
  auto task = asyncio::create_task([]() -> Coro<> { co_return; }(), options);
  EXPECT_EQ(task.get_name(), "mine");
  task.set_name("yours");
  EXPECT_EQ(task.get_name(), "yours");
  co_await task;
}

TEST(loop, keeps_its_pending_tasks_between_two_runs) {
  auto loop = asyncio::new_event_loop();
  Log log;
  Task<> sleeper;
  auto first = [&]() -> Coro<> {
    sleeper = asyncio::create_task([&]() -> Coro<> {
      log("started");
      co_await asyncio::sleep(0.01);
      log("slept");
    });
    co_await asyncio::sleep(0);
    log("first run ends");
  };
  loop.run_until_complete(first());
  EXPECT_FALSE(sleeper.done());
  loop.run_until_complete(sleeper);
  EXPECT_EQ(log.entries(), (Entries{"started", "first run ends", "slept"}));
  loop.close();
}

TEST(loop, runs_one_coroutine_after_another) {
  auto loop = asyncio::new_event_loop();
  auto body = [](int value) -> Coro<int> {
    co_await asyncio::sleep(0);
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body(1)), 1);
  EXPECT_EQ(loop.run_until_complete(body(2)), 2);
  EXPECT_FALSE(loop.is_running());
  EXPECT_FALSE(loop.is_closed());
  loop.close();
  EXPECT_TRUE(loop.is_closed());
}

TEST(loop, prints_as_pythons_does) {
  auto loop = asyncio::new_event_loop({.debug = false});
  EXPECT_EQ(asyncio::str(loop), "<_UnixSelectorEventLoop running=False closed=False debug=False>");
  loop.close();
  EXPECT_EQ(asyncio::str(loop), "<_UnixSelectorEventLoop running=False closed=True debug=False>");
}

// --- the end of run ---

TEST(run, gives_the_value_of_its_main) {
  EXPECT_EQ(asyncio::run([]() -> Coro<int> { co_return 6; }()), 6);
  EXPECT_EQ(asyncio::run_parallel([]() -> Coro<int> { co_return 6; }(), {.workers = 2}), 6);
}

TEST(run, raises_what_its_main_raises) {
  auto body = []() -> Coro<> {
    co_await asyncio::sleep(0);
    throw asyncio::ValueError("main");
  };
  EXPECT_EQ(ending_of([&] { asyncio::run(body()); }), "ValueError: main");
  EXPECT_EQ(ending_of([&] { asyncio::run_parallel(body(), {.workers = 2}); }), "ValueError: main");
}

TEST(run, cancels_what_is_left_over_and_waits_for_it) {
  for (const bool serial : {true, false}) {
    Log log;
    asyncio::Event started;  // another worker may take its time
    auto body = [&]() -> Coro<> {
      asyncio::create_task([&]() -> Coro<> {
        bool cancelled = false;
        started.set();
        try {
          co_await asyncio::sleep(1000);
        } catch (const CancelledError&) {
          cancelled = true;
        }
        if (cancelled) log("cancelled");
        co_await asyncio::sleep(0.1);
        log("cleaned up");
      });
      co_await started.wait();
    };
    asyncio::RunOptions options;
    options.virtual_clock = true;
    if (serial) {
      asyncio::run(body(), options);
    } else {
      options.workers = 2;
      asyncio::run_parallel(body(), options);
    }
    EXPECT_EQ(log.entries(), (Entries{"cancelled", "cleaned up"}));
  }
}

TEST(run, cancels_a_getter_whose_queue_main_has_left_behind) {
  for (int i = 0; i < 20; ++i) {
    asyncio::run_parallel(
        []() -> Coro<> {
          asyncio::Queue<int> queue;
          asyncio::create_task([](asyncio::Queue<int> q) -> Coro<> {
            while (true) co_await q.get();
          }(queue));
          co_await asyncio::sleep(0);
        }(),
        {.workers = 2, .virtual_clock = true});
  }
}

TEST(run, says_what_a_left_over_task_raised) {
  auto body = []() -> Coro<> {
    asyncio::create_task([]() -> Coro<> {
      try {
        co_await asyncio::sleep(1000);
      } catch (const CancelledError&) {
        throw asyncio::ValueError("while leaving");
      }
    });
    co_await settle();
  };
  testing::internal::CaptureStderr();
  asyncio::run(body(), {.virtual_clock = true});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("unhandled exception during asyncio.run() shutdown"), std::string::npos) << text;
  EXPECT_NE(text.find("ValueError: while leaving"), std::string::npos) << text;
}

TEST(run, says_so_when_nobody_asked_for_a_tasks_error) {
  auto body = []() -> Coro<> {
    asyncio::create_task([]() -> Coro<> {
      throw asyncio::ValueError("lost");
      co_return;
    });
    co_await settle();
  };
  testing::internal::CaptureStderr();
  asyncio::run(body(), {.virtual_clock = true});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("Task exception was never retrieved"), std::string::npos) << text;
  EXPECT_NE(text.find("ValueError"), std::string::npos) << text;
  EXPECT_NE(text.find("lost"), std::string::npos) << text;
}

TEST(run, says_nothing_of_an_error_that_was_asked_for) {
  auto body = []() -> Coro<> {
    auto task = asyncio::create_task([]() -> Coro<> {
      throw asyncio::ValueError("asked");
      co_return;
    });
    co_await settle();
    EXPECT_TRUE(task.exception());
  };
  testing::internal::CaptureStderr();
  asyncio::run(body(), {.virtual_clock = true});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(run, says_so_when_a_coroutine_is_never_awaited) {
  testing::internal::CaptureStderr();
  {
    [[maybe_unused]] auto coro = settle();
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("RuntimeWarning: coroutine 'settle' was never awaited"), std::string::npos) << text;
}

TEST(run, a_loop_keeps_a_task_whose_handle_is_gone) {
  bool ran = false;
  auto body = [&]() -> Coro<> {
    asyncio::create_task([&]() -> Coro<> {
      co_await asyncio::sleep(1);
      ran = true;
    });
    co_await asyncio::sleep(2);
  };
  asyncio::run(body(), {.virtual_clock = true});
  EXPECT_TRUE(ran);
}

TEST(run, a_handle_may_outlive_its_loop) {
  Task<int> task;
  auto body = [&]() -> Coro<> {
    task = asyncio::create_task([]() -> Coro<int> { co_return 11; });
    co_await task;
  };
  asyncio::run(body());
  EXPECT_TRUE(task.done());
  EXPECT_EQ(task.result(), 11);
}
