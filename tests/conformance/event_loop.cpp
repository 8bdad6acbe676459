// EventLoop by hand: run_forever and stop, handles, descriptors, signals, the exception handler.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "loops.hpp"

using namespace conformance;
using asyncio::ExceptionContext;

namespace {

// Whoever started this program may have had it ignored.
[[maybe_unused]] const auto sigint_before = ::signal(SIGINT, SIG_DFL);

}  // namespace

// --- run_forever, stop ---

TEST(event_loop, runs_until_it_is_stopped_and_keeps_what_is_pending) {
  with_loops([](const EventLoop& loop) {
    Log log;
    auto task = loop.create_task([](Log& l) -> Coro<> {
      l("began");
      co_await asyncio::sleep(10);
      l("slept");
    }(log));
    loop.call_later(1, [&] {
      log("stopping");
      loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(log.entries(), (Entries{"began", "stopping"}));
    EXPECT_FALSE(task.done());
    EXPECT_FALSE(loop.is_running());
    loop.run_until_complete(task);
    EXPECT_EQ(log.entries(), (Entries{"began", "stopping", "slept"}));
  });
}

TEST(event_loop, stop_lets_the_iteration_end_but_not_the_next_begin) {
  EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
  Log log;
  loop.call_soon([&] {
    loop.stop();
    loop.call_soon([&] { log("next iteration"); });
  });
  loop.call_soon([&] { log("same iteration"); });
  loop.run_forever();
  EXPECT_EQ(log.entries(), (Entries{"same iteration"}));
  loop.stop();
  loop.run_forever();  // one iteration
  EXPECT_EQ(log.entries(), (Entries{"same iteration", "next iteration"}));
  loop.close();
}

TEST(event_loop, stop_before_the_run_stops_it_after_one_iteration) {
  with_loops([](const EventLoop& loop) {
    std::atomic<int> calls{0};
    loop.call_soon([&] { ++calls; });
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(calls.load(), 1);
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();  // the first stop does not count twice
  });
}

TEST(event_loop, stop_from_a_plain_thread_ends_the_run) {
  for (int i = 0; i < 20; ++i) {
    with_loops([](const EventLoop& loop) {
      std::thread stopper([loop] { loop.stop(); });
      loop.run_forever();
      stopper.join();
    });
  }
}

// C23.
TEST(event_loop, stopped_within_run_until_complete_says_so_and_leaves_the_task_pending) {
  with_loops([](const EventLoop& loop) {
    Task<int> task;
    auto body = [](Task<int>& own, const EventLoop& l) -> Coro<int> {
      own = l.create_task([]() -> Coro<int> {
        co_await asyncio::sleep(5);
        co_return 3;
      }());
      l.stop();
      co_await asyncio::sleep(1000);
      co_return 4;
    };
    EXPECT_EQ(ending_of([&] { loop.run_until_complete(body(task, loop)); }),
              "RuntimeError: Event loop stopped before Future completed.");
    EXPECT_FALSE(loop.is_running());
    ASSERT_TRUE(task);
    EXPECT_FALSE(task.done());
    EXPECT_EQ(loop.run_until_complete(task), 3);
    for (const auto& t : asyncio::all_tasks(loop)) EXPECT_TRUE(t.cancel());
    loop.run_until_complete([]() -> Coro<> { co_await asyncio::sleep(0.001); }());
    EXPECT_TRUE(asyncio::all_tasks(loop).empty());
  });
}

TEST(event_loop, a_future_that_ends_while_the_loop_is_stopped_does_not_stop_the_next_run) {
  with_loops([](const EventLoop& loop) {
    for (int i = 0; i < 50; ++i) {
      auto future = loop.create_future<void>();
      std::thread ender([future] { future.try_set_result(); });
      loop.stop();
      try {
        loop.run_until_complete(future);
      } catch (const asyncio::RuntimeError&) {
      }
      std::atomic<bool> called{false};
      loop.call_later(1, [&] {
        called = true;
        loop.stop();
      });
      loop.run_forever();
      EXPECT_TRUE(called);
      ender.join();
    }
  });
}

TEST(event_loop, an_exit_request_of_a_callback_ends_the_run_at_once) {
  with_loops([](const EventLoop& loop) {
    loop.call_soon([] { throw asyncio::SystemExit(3); });
    int code = 0;
    try {
      loop.run_forever();
    } catch (const asyncio::SystemExit& e) {
      code = e.code();
    }
    EXPECT_EQ(code, 3);
    EXPECT_FALSE(loop.is_running());
  });
}

// --- handles ---

TEST(event_loop, a_cancelled_handle_is_not_called_whoever_made_it) {
  with_loops([](const EventLoop& loop) {
    loop.set_debug(false);  // a handle would say who made it
    std::atomic<int> calls{0};
    loop.call_soon([&] { ++calls; });
    auto late = loop.call_later(1, [&] { ++calls; });
    std::thread([&] { loop.call_soon_threadsafe([&] { ++calls; }); }).join();
    std::optional<asyncio::TimerHandle> foreign;
    std::thread([&] { foreign = loop.call_later(1, [&] { ++calls; }); }).join();
    foreign->cancel();
    late.cancel();
    EXPECT_TRUE(late.cancelled());
    EXPECT_EQ(asyncio::str(late), "<TimerHandle cancelled when=" + asyncio::str(late.when()) + ">");
    loop.call_later(2, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(calls.load(), 2);
  });
}

IN_SERIAL_DOOR(event_loop, a_handle_cancelled_before_its_turn_is_not_called) {
  Log log;
  auto loop = asyncio::get_running_loop();
  loop.set_debug(false);  // as above
  auto first = loop.call_soon_threadsafe([&] { log("first"); });
  loop.call_soon([&] { log("second"); });
  first.cancel();
  EXPECT_TRUE(first.cancelled());
  co_await asyncio::sleep(0);
  EXPECT_EQ(log.entries(), (Entries{"second"}));
  EXPECT_EQ(asyncio::str(first), "<Handle cancelled>");
}

IN_BOTH_DOORS(event_loop, timer_handles_know_when) {
  auto loop = asyncio::get_running_loop();
  const double at = loop.time() + 2.5;
  auto handle = loop.call_at(at, [] {});
  EXPECT_NEAR(handle.when(), at, 1e-6);
  EXPECT_TRUE(asyncio::str(handle).starts_with("<TimerHandle when=")) << handle;
  EXPECT_NE(asyncio::str(handle).find("event_loop.cpp:"), std::string::npos) << handle;
  co_return;
}

IN_BOTH_DOORS(event_loop, callbacks_may_have_arguments) {
  Log log;
  auto loop = asyncio::get_running_loop();
  auto note = [&log](const std::string& what, int n) { log(what + std::to_string(n)); };
  std::string text = "soon";
  loop.call_soon(note, text, 1);
  text = "changed";  // copies were taken
  loop.call_later(0.1, note, std::string("later"), 2);
  loop.call_at(loop.time() + 0.2, note, std::string("at"), 3);
  loop.call_soon_threadsafe(note, std::string("safe"), 4);
  co_await asyncio::sleep(1);
  EXPECT_EQ(log.entries(), (Entries{"soon1", "safe4", "later2", "at3"}));
}

TEST(event_loop, calls_what_is_due_in_the_first_iteration_whoever_asked) {
  const EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
  Log log;
  loop.call_later(0, [&] { log("due"); });
  std::thread([&] { loop.call_later(0, [&] { log("due, from elsewhere"); }); }).join();
  loop.call_soon([&] { log("soon"); });
  loop.stop();
  loop.run_forever();  // one iteration
  EXPECT_EQ(log.entries(), (Entries{"soon", "due", "due, from elsewhere"}));
  loop.close();
}

TEST(event_loop, takes_timers_from_other_threads_while_it_is_run_and_stopped) {
  with_loops([](const EventLoop& loop) {
    constexpr int timers = 500;
    std::atomic<int> calls{0};
    std::thread other([&] {
      for (int i = 0; i < timers; ++i) loop.call_later(0.001 * (i % 7), [&] { ++calls; });
    });
    while (calls < timers) {
      loop.run_until_complete([]() -> Coro<> { co_await asyncio::sleep(0.01); }());
      loop.call_later(0.001, [] {});
    }
    other.join();
    EXPECT_EQ(calls, timers);
  });
}

// --- descriptors ---

IN_BOTH_DOORS(event_loop, calls_a_reader_as_long_as_there_is_something_to_read) {
  socket_pair pair;
  std::string got;  // callbacks run one at a time
  auto loop = asyncio::get_running_loop();
  auto done = new_future<void>();
  pair.send("abc");
  loop.add_reader(pair.right.get(), [&, done, loop] {
    got += pair.receive_one();  // one only: it is called again
    if (got == "abc") pair.send("de");
    if (got == "abcde") {
      EXPECT_TRUE(loop.remove_reader(pair.right.get()));
      done.set_result();
    }
  });
  co_await done;
  EXPECT_EQ(got, "abcde");
  EXPECT_FALSE(loop.remove_reader(pair.right.get()));
}

IN_BOTH_DOORS(event_loop, calls_a_reader_at_the_end_of_what_is_sent) {
  socket_pair pair;
  auto loop = asyncio::get_running_loop();
  auto done = new_future<std::string>();
  loop.add_reader(pair.right.get(), [&, done, loop] {
    char buffer[8];
    const auto n = ::read(pair.right.get(), buffer, sizeof buffer);
    if (n < 0) return;
    loop.remove_reader(pair.right.get());
    done.try_set_result(n == 0 ? "end" : "bytes");
  });
  pair.left.reset();
  const std::string how = co_await done;
  EXPECT_EQ(how, "end");
}

IN_BOTH_DOORS(event_loop, a_reader_and_a_writer_share_a_descriptor) {
  socket_pair pair;
  auto loop = asyncio::get_running_loop();
  auto written = new_future<void>();
  auto read = new_future<char>();
  loop.add_writer(pair.right.get(), [&, written, loop] {
    loop.remove_writer(pair.right.get());
    written.set_result();
  });
  loop.add_reader(pair.right.get(), [&, read, loop] {
    loop.remove_reader(pair.right.get());
    read.set_result(pair.receive_one());
  });
  co_await written;
  pair.send("x");
  const char c = co_await read;
  EXPECT_EQ(c, 'x');
}

IN_BOTH_DOORS(event_loop, a_second_reader_takes_the_place_of_the_first) {
  socket_pair pair;
  auto loop = asyncio::get_running_loop();
  auto read = new_future<std::string>();
  loop.add_reader(pair.right.get(), [=] { read.try_set_result("first"); });
  loop.add_reader(pair.right.get(), [=, fd = pair.right.get()] {
    loop.remove_reader(fd);
    read.try_set_result("second");
  });
  pair.send("x");
  const std::string who = co_await read;
  EXPECT_EQ(who, "second");
}

IN_BOTH_DOORS(event_loop, a_removed_reader_is_not_called_any_more) {
  socket_pair pair;
  auto loop = asyncio::get_running_loop();
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) {
    loop.add_reader(pair.right.get(), [held] { ++*held; });
    EXPECT_TRUE(loop.remove_reader(pair.right.get()));
  }
  co_await settle();
  const int calls = *held;
  pair.send("x");
  co_await settle();
  EXPECT_EQ(*held, calls);
  co_await asyncio::sleep(1);
  EXPECT_EQ(held.use_count(), 1);
}

IN_BOTH_DOORS(event_loop, refuses_descriptors_that_cannot_be_watched) {
  auto loop = asyncio::get_running_loop();
  EXPECT_EQ(ending_of([&] { loop.add_reader(-1, [] {}); }), "ValueError: Invalid file descriptor: -1");
  const hocket::rt::unique_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ending_of([&] { loop.add_reader(file.get(), [] {}); }), "OSError: [Errno 1] Operation not permitted");
  EXPECT_FALSE(loop.remove_reader(file.get()));
  EXPECT_FALSE(loop.remove_writer(12345));
  co_return;
}

TEST(event_loop, closing_lets_go_of_readers) {
  with_loops([](const EventLoop& loop) {
    socket_pair pair;
    const auto held = std::make_shared<int>(0);
    pair.send("x");
    loop.add_reader(pair.right.get(), [held] { ++*held; });
    loop.add_writer(pair.right.get(), [held] { ++*held; });
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();
    loop.close();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(ending_of([&] { loop.add_reader(pair.right.get(), [] {}); }), "RuntimeError: Event loop is closed");
  });
}

TEST(event_loop, readers_come_and_go_from_other_threads) {
  with_loops([](const EventLoop& loop) {
    std::array<socket_pair, 2> pairs;
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    std::atomic<int> left{2};
    for (auto& pair : pairs) {
      threads.emplace_back([&] {
        for (int i = 0; i < 300; ++i) {
          loop.add_reader(pair.right.get(), [&] { ++calls; });
          pair.send("x");
          if (i % 3 == 0) std::this_thread::yield();
          EXPECT_TRUE(loop.remove_reader(pair.right.get()));
          EXPECT_EQ(pair.receive_one(), 'x');
        }
        if (--left == 0) loop.stop();
      });
    }
    loop.run_forever();
    for (auto& t : threads) t.join();
  });
}

// --- signals ---

IN_BOTH_DOORS(event_loop, calls_a_signal_handler_as_a_callback) {
  auto loop = asyncio::get_running_loop();
  auto came = new_future<int>();
  loop.add_signal_handler(SIGUSR1, [=] {
    EXPECT_TRUE(asyncio::get_running_loop() == loop);
    came.try_set_result(1);
  });
  ::kill(::getpid(), SIGUSR1);
  const int value = co_await came;
  EXPECT_EQ(value, 1);
  EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
  EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
  struct sigaction now{};
  ::sigaction(SIGUSR1, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

IN_BOTH_DOORS(event_loop, handles_sigint_in_the_place_of_run) {
  auto loop = asyncio::get_running_loop();
  auto came = new_future<void>();
  loop.add_signal_handler(SIGINT, [=] { came.try_set_result(); });
  ::kill(::getpid(), SIGINT);
  co_await came;
  EXPECT_EQ(asyncio::current_task().cancelling(), 0u);
  loop.remove_signal_handler(SIGINT);
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_NE(now.sa_handler, SIG_DFL);  // run's own again
}

TEST(event_loop, a_signal_handler_ends_with_its_loop) {
  asyncio::run([]() -> Coro<> {
    asyncio::get_running_loop().add_signal_handler(SIGINT, [] {});
    asyncio::get_running_loop().add_signal_handler(SIGUSR2, [] {});
    co_return;
  }());
  for (const int signal : {SIGINT, SIGUSR2}) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
  }
}

IN_BOTH_DOORS(event_loop, refuses_signals_that_cannot_be_handled) {
  auto loop = asyncio::get_running_loop();
  EXPECT_EQ(ending_of([&] { loop.add_signal_handler(SIGKILL, [] {}); }), "RuntimeError: sig 9 cannot be caught");
  EXPECT_EQ(ending_of([&] { loop.add_signal_handler(0, [] {}); }), "ValueError: invalid signal number 0");
  EXPECT_EQ(ending_of([&] { loop.add_signal_handler(NSIG + 1000, [] {}); }),
            "ValueError: invalid signal number " + std::to_string(NSIG + 1000));
  EXPECT_EQ(ending_of([&] { loop.remove_signal_handler(-1); }), "ValueError: invalid signal number -1");
  co_return;
}

// --- the exception handler ---

IN_BOTH_DOORS(event_loop, tells_its_exception_handler_of_a_callback_that_throws) {
  auto loop = asyncio::get_running_loop();
  auto told = new_future<ExceptionContext>();
  loop.set_exception_handler([told](const EventLoop&, const ExceptionContext& c) { told.try_set_result(c); });
  loop.call_soon([] { throw asyncio::ZeroDivisionError("division by zero"); });
  const ExceptionContext context = co_await told;
  EXPECT_TRUE(context.message.starts_with("Exception in callback ")) << context.message;
  EXPECT_NE(context.message.find("event_loop.cpp:"), std::string::npos) << context.message;
  EXPECT_EQ(describe(context.exception), "ZeroDivisionError: division by zero");
  EXPECT_TRUE(context.details.at("handle").starts_with("<Handle ")) << context.details.at("handle");
  loop.set_exception_handler(nullptr);
  EXPECT_FALSE(loop.get_exception_handler());
}

IN_BOTH_DOORS(event_loop, tells_its_exception_handler_of_a_task_that_nobody_asked) {
  auto loop = asyncio::get_running_loop();
  auto told = new_future<ExceptionContext>();
  loop.set_exception_handler([told](const EventLoop& where, const ExceptionContext& c) {
    EXPECT_TRUE(where == asyncio::get_running_loop());
    told.try_set_result(c);
  });
  asyncio::create_task([]() -> Coro<> {
    throw asyncio::ValueError("lost");
    co_return;
  });
  const ExceptionContext context = co_await told;
  EXPECT_EQ(context.message, "Task exception was never retrieved");
  EXPECT_EQ(describe(context.exception), "ValueError: lost");
  EXPECT_TRUE(context.details.at("future").starts_with("<Task finished name='Task-")) << context.details.at("future");
}

TEST(event_loop, contains_an_exception_handler_that_throws) {
  with_loops([](const EventLoop& loop) {
    loop.set_exception_handler([](const EventLoop&, const ExceptionContext&) { throw asyncio::ValueError("broken"); });
    testing::internal::CaptureStderr();
    loop.call_exception_handler(
        ExceptionContext("first", std::make_exception_ptr(asyncio::ZeroDivisionError("division by zero"))));
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "Unhandled error in exception handler\n"
              "context: {'message': 'first', 'exception': ZeroDivisionError('division by zero')}\n"
              "ValueError: broken\n");
    loop.call_soon([&] { loop.stop(); });
    loop.run_forever();  // unharmed
  });
}

TEST(event_loop, hears_of_its_futures_wherever_they_are_dropped) {
  with_loops([](const EventLoop& loop) {
    Log log;
    loop.set_exception_handler([&](const EventLoop& own, const ExceptionContext& c) {
      EXPECT_TRUE(own == loop);
      log(c.message + ": " + describe(c.exception));
    });
    auto dropped_here = loop.create_future<int>();
    dropped_here.set_exception(asyncio::ValueError("here"));
    dropped_here = {};
    auto dropped_in_another = loop.create_future<int>();
    dropped_in_another.set_exception(asyncio::ValueError("in another"));
    asyncio::run([](Future<int> last) -> Coro<> {
      last = {};
      co_return;
    }(std::move(dropped_in_another)));
    EXPECT_EQ(log.entries(), (Entries{"Future exception was never retrieved: ValueError: here",
                                      "Future exception was never retrieved: ValueError: in another"}));
  });
}

TEST(event_loop, an_empty_handle_says_what_it_is) {
  EXPECT_EQ(ending_of([] { EventLoop().call_exception_handler(ExceptionContext("lost")); }),
            "RuntimeError: this handle is empty: it refers to no event loop");
}

TEST(event_loop, an_exit_request_of_the_exception_handler_ends_the_run) {
  with_loops([](const EventLoop& loop) {
    loop.set_exception_handler([](const EventLoop&, const ExceptionContext&) { throw asyncio::SystemExit(4); });
    loop.call_soon([] { throw asyncio::ValueError("x"); });
    int code = 0;
    try {
      loop.run_forever();
    } catch (const asyncio::SystemExit& e) {
      code = e.code();
    }
    EXPECT_EQ(code, 4);
  });
}

TEST(event_loop, its_default_exception_handler_writes_what_pythons_does) {
  auto loop = asyncio::new_event_loop();
  testing::internal::CaptureStderr();
  loop.default_exception_handler(ExceptionContext("boom", std::make_exception_ptr(asyncio::ValueError("x")),
                                                  {{"task", "<Task 1>"}, {"future", "<Future 2>"}}));
  loop.default_exception_handler(ExceptionContext());
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "boom\nfuture: <Future 2>\ntask: <Task 1>\nValueError: x\nUnhandled exception in event loop\n");
  loop.close();
}

// --- names ---

IN_BOTH_DOORS(event_loop, looks_up_addresses_and_names) {
  auto loop = asyncio::get_running_loop();
  asyncio::AddrInfoOptions numeric;
  numeric.type = SOCK_STREAM;
  numeric.flags = AI_NUMERICHOST | AI_NUMERICSERV;
  const auto found = co_await loop.getaddrinfo("127.0.0.1", "80", numeric);
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at(0).family, AF_INET);
  EXPECT_EQ(found.at(0).type, SOCK_STREAM);
  EXPECT_EQ(found.at(0).sockaddr.str(), "('127.0.0.1', 80)");
  const auto name = co_await loop.getnameinfo(found.at(0).sockaddr, NI_NUMERICHOST | NI_NUMERICSERV);
  EXPECT_EQ(name, (asyncio::NameInfo{"127.0.0.1", "80"}));
  const std::string refused = co_await ending(loop.getaddrinfo("no number", "80", numeric));
  EXPECT_EQ(refused, "gaierror: [Errno -2] Name or service not known");
}
