// Debug mode, and what nobody else would hear of: C43 (log_slow_callbacks, default_exc_handler_broken), the texts of
// section 2, and two extensions: swallowed cancels, and a policy for exceptions that nobody waits for.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <regex>
#include <string>
#include <thread>

#include "hocket/rt/base/symbols.hpp"
#include "loops.hpp"
#include "support/allocations.hpp"

namespace {

using namespace conformance;
using asyncio::ExceptionContext;
using asyncio::OnUnhandled;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

/// What is written to standard error until `body` returns: a run returns when all was told.
template <class Body>
std::string told_by(Body body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// Through both doors, at each worker count: `body(options)` says what it expects.
template <class Body>
void in_both_doors(Body body, asyncio::RunOptions options) {
  options.virtual_clock = options.virtual_clock.value_or(true);
  {
    SCOPED_TRACE("the serial door");
    body([options](Coro<> main) { asyncio::run(std::move(main), options); });
  }
  for (const unsigned workers : hocket::support::test_workers()) {
    SCOPED_TRACE("the parallel door, workers: " + std::to_string(workers));
    options.workers = workers;
    body([options](Coro<> main) { asyncio::run_parallel(std::move(main), options); });
  }
}

[[gnu::noinline]] Coro<> rests(double seconds) { co_await asyncio::sleep(seconds); }
Coro<> returns() { co_return; }
Coro<> fails() {
  throw asyncio::ValueError("lost");
  co_return;
}
Coro<> swallows() {
  try {
    co_await asyncio::sleep(10);
  } catch (const CancelledError&) {
  }
}

// --- slow steps ---

// Not a lambda within those below, which are templates: g++'s demangler cannot read the names of what stands in one.
Coro<> calls_back_and_rests() {
  asyncio::get_running_loop().set_slow_callback_duration(0.0);
  asyncio::get_running_loop().call_soon([] {});
  co_await asyncio::create_task(rests(1));
}

// C43: log_slow_callbacks.
TEST(debug, tells_of_each_step_when_none_is_short_enough) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] { run(calls_back_and_rests()); });
        EXPECT_TRUE(std::regex_search(
            text, std::regex("(^|\n)Executing <Handle <lambda>\\(\\) at .*debug\\.cpp:[0-9]+ created at "
                             ".*debug\\.cpp:[0-9]+> took 0\\.000 seconds\n")))
            << text;
        EXPECT_TRUE(std::regex_search(
            text, std::regex("(^|\n)Executing <Task pending name='Task-[0-9]+' coro=<rests\\(\\) running, defined at "
                             ".*debug\\.cpp:[0-9]+> created at .*debug\\.cpp:[0-9]+> took 0\\.000 seconds\n")))
            << text;
        EXPECT_TRUE(std::regex_search(
            text, std::regex("(^|\n)Executing <Task finished name='Task-[0-9]+' coro=<rests\\(\\) done, .*> took "
                             "0\\.000 seconds\n")))
            << text;
      },
      {.debug = true});
}

TEST(debug, tells_of_a_step_that_blocks_for_longer_than_the_duration) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] {
          run([]() -> Coro<> {
            asyncio::get_running_loop().set_slow_callback_duration(0.02);
            co_await asyncio::create_task([]() -> Coro<> {
              std::this_thread::sleep_for(std::chrono::milliseconds(25));
              co_return;
            });
            const auto called = new_future<void>();
            asyncio::get_running_loop().call_soon([called] {
              std::this_thread::sleep_for(std::chrono::milliseconds(25));
              called.try_set_result();
            });
            co_await called;
          }());
        });
        EXPECT_TRUE(std::regex_search(text, std::regex("Executing <Task finished .* took 0\\.[0-9]+ seconds\n")))
            << text;
        EXPECT_TRUE(std::regex_search(text, std::regex("Executing <Handle .* took 0\\.[0-9]+ seconds\n"))) << text;
      },
      {.virtual_clock = false, .debug = true});
}

TEST(debug, finds_nothing_slow_where_time_is_virtual) {
  in_both_doors(
      [](auto run) {
        EXPECT_EQ(told_by([&] {
                    run([]() -> Coro<> {
                      std::this_thread::sleep_for(std::chrono::milliseconds(2));
                      asyncio::get_running_loop().set_slow_callback_duration(0.001);
                      asyncio::get_running_loop().call_soon(
                          [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
                      co_await asyncio::create_task(rests(3600));
                      std::this_thread::sleep_for(std::chrono::milliseconds(2));
                    }());
                  }),
                  "");
      },
      {.debug = true});
}

TEST(debug, takes_no_offence_at_what_was_said_to_compute_for_long) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] {
          run([]() -> Coro<> {
            asyncio::get_running_loop().set_slow_callback_duration(0.0);
            co_await asyncio::parallel([] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
          }());
        });
        EXPECT_THAT(text, HasSubstr("Executing <Task"));
        EXPECT_THAT(text, Not(HasSubstr("call_as_hog")));
        EXPECT_THAT(text, Not(HasSubstr("run_in_bulk() done")));
      },
      {.debug = true});
}

// Nobody can write to a full pipe: a loop that was closed before the reader came would have something left to say.
TEST(debug, a_loop_is_closed_when_all_was_told) {
  for (const bool parallel : {false, true}) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    for (const char some[4096]{}; ::write(ends[1], some, sizeof some) > 0;) {
    }
    ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);
    const int standard_error = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    std::atomic<bool> reads{false};
    std::string told;
    std::thread reader([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      reads.store(true);
      char some[4096];
      for (ssize_t n; (n = ::read(ends[0], some, sizeof some)) > 0;) told.append(some, static_cast<std::size_t>(n));
    });
    auto main = []() -> Coro<> {
      asyncio::get_running_loop().set_slow_callback_duration(0.0);
      co_await asyncio::sleep(0);
    };
    const asyncio::RunOptions options{.workers = 2, .debug = true};
    using asyncio::loop_state;
    const asyncio::EventLoop loop(parallel ? loop_state::make_parallel(options) : loop_state::make_serial(options));
    loop.run_until_complete(main());
    loop.close();
    EXPECT_TRUE(reads.load()) << (parallel ? "parallel" : "serial");
    ::dup2(standard_error, STDERR_FILENO);
    for (const int fd : {standard_error, ends[1]}) ::close(fd);
    reader.join();
    ::close(ends[0]);
    EXPECT_THAT(told, HasSubstr("Executing <Task"));
  }
}

TEST(debug, times_the_children_of_when_all_as_steps_of_their_task) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] {
          run([]() -> Coro<> {
            asyncio::get_running_loop().set_slow_callback_duration(0.0);
            co_await asyncio::create_task([]() -> Coro<> {
              asyncio::current_task().set_name("forks");
              co_await asyncio::when_all(rests(1), rests(2));
            });
          }());
        });
        // Its first step, two of each child, and the one that ends it, which may be a child's last one gone on.
        EXPECT_GE(times(text, "name='forks'"), 5u) << text;
      },
      {.debug = true});
}

TEST(debug, says_nothing_where_it_is_off) {
  in_both_doors(
      [](auto run) {
        EXPECT_EQ(told_by([&] {
                    run([]() -> Coro<> {
                      asyncio::get_running_loop().set_slow_callback_duration(0.0);
                      const auto t = asyncio::create_task(swallows());
                      co_await settle();
                      t.cancel();
                      co_await t;
                    }());
                  }),
                  "");
      },
      {.debug = false});
}

TEST(debug, can_be_set_and_taken_back_while_tasks_run) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] {
          run([]() -> Coro<> {
            const auto loop = asyncio::get_running_loop();
            loop.set_slow_callback_duration(0.0);
            const auto early = asyncio::create_task(rests(1));
            early.set_name("early");
            co_await asyncio::sleep(0.5);
            loop.set_debug(true);
            EXPECT_TRUE(loop.get_debug());
            co_await asyncio::sleep(1);
            loop.set_debug(false);
            const auto late = asyncio::create_task(rests(1));
            late.set_name("late");
            co_await late;
            co_await asyncio::sleep(1);
          }());
        });
        EXPECT_EQ(times(text, "name='early'"), 1u) << text;
        EXPECT_EQ(times(text, "name='late'"), 0u) << text;
      },
      {.debug = false});
}

// --- who made it ---

IN_BOTH_DOORS(debug, reprs_are_as_ever_where_it_is_off) {
  const auto loop = asyncio::get_running_loop();
  loop.set_debug(false);
  EXPECT_THAT(asyncio::str(asyncio::create_task(returns())), Not(HasSubstr("created at")));
  EXPECT_EQ(asyncio::str(new_future<int>()), "<Future pending>");
  EXPECT_THAT(asyncio::str(loop.call_soon([] {})), Not(HasSubstr("created at")));
  co_return;
}

IN_BOTH_DOORS(debug, reprs_end_with_the_place_of_creation) {
  const auto loop = asyncio::get_running_loop();
  loop.set_debug(true);
  const auto handle = loop.call_later(1, [] {});
  EXPECT_TRUE(std::regex_match(asyncio::str(handle),
                               std::regex("<TimerHandle when=[0-9.]+ <lambda>\\(\\) at .*debug\\.cpp:[0-9]+ created at "
                                          ".*debug\\.cpp:[0-9]+>")))
      << asyncio::str(handle);
  handle.cancel();
  EXPECT_TRUE(std::regex_match(asyncio::str(handle), std::regex("<TimerHandle cancelled when=[0-9.]+ created at "
                                                                ".*debug\\.cpp:[0-9]+>")))
      << asyncio::str(handle);
  if (!hocket::rt::symbols_have_lines()) co_return;
  const unsigned line = __LINE__ + 1;
  const auto task = asyncio::create_task(rests(1));
  const auto future = new_future<int>();
  EXPECT_THAT(asyncio::str(task), HasSubstr("debug.cpp:" + std::to_string(line) + ">")) << "as the program made it";
  EXPECT_TRUE(std::regex_match(asyncio::str(future), std::regex("<Future pending created at .*doors\\.hpp:[0-9]+>")))
      << asyncio::str(future);
  auto both = asyncio::gather(task, asyncio::create_task(rests(1)));
  EXPECT_THAT(asyncio::str(both), StartsWith("<_GatheringFuture pending created at "));
  co_await both;
}

IN_BOTH_DOORS(debug, a_task_that_was_cancelled_and_goes_on_is_cancelling) {
  const auto t = asyncio::create_task(rests(1));
  co_await settle();
  EXPECT_THAT(asyncio::str(t), StartsWith("<Task pending "));
  t.cancel();
  const std::string now = asyncio::str(t);
  EXPECT_TRUE(now.starts_with("<Task cancelling ") || now.starts_with("<Task cancelled ")) << now;
  EXPECT_EQ(co_await ending(t), "CancelledError");
  EXPECT_THAT(asyncio::str(t), StartsWith("<Task cancelled "));
}

TEST(debug, a_coroutine_that_was_never_awaited_says_who_made_it) {
  if (!hocket::rt::symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  unsigned line = 0;
  const auto forgets = [&]() -> Coro<> {
    line = __LINE__ + 1;
    auto forgotten = rests(1);
    co_return;
  };
  in_both_doors(
      [&](auto run) {
        const std::string text = told_by([&] { run(forgets()); });
        const std::string expected =
            "debug\\.cpp:[0-9]+: RuntimeWarning: coroutine 'rests' was never awaited\n"
            "Coroutine created at \\(most recent call last\\)\n"
            "(  File .*\n(    .*\n)?)*"
            "  File \".*debug\\.cpp\", line " +
            std::to_string(line) +
            ", in <lambda>\n"
            "    auto forgotten = rests\\(1\\);\n";
        EXPECT_TRUE(std::regex_search(text, std::regex(expected))) << text;
        EXPECT_THAT(text, Not(HasSubstr("/hocket/"))) << "the library's own calls are left out";
      },
      {.debug = true});
}

// As calls_back_and_rests(). Notes the line of the first.
Coro<> leaves_failures_behind(unsigned& line) {
  line = __LINE__ + 1;
  asyncio::create_task(fails());
  co_await settle();
  new_future<int>().set_exception(asyncio::ValueError("unseen"));
  asyncio::get_running_loop().call_soon([] { throw asyncio::ValueError("in a callback"); });
  co_await settle();
}

TEST(debug, what_was_never_retrieved_says_who_made_it) {
  if (!hocket::rt::symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  in_both_doors(
      [](auto run) {
        unsigned line = 0;
        const std::string text = told_by([&] { run(leaves_failures_behind(line)); });
        EXPECT_TRUE(std::regex_search(
            text, std::regex("Task exception was never retrieved\n"
                             "future: <Task finished .*exception=ValueError\\('lost'\\) created at .*debug\\.cpp:" +
                             std::to_string(line) +
                             ">\n"
                             "source_traceback: Object created at \\(most recent call last\\):\n"
                             "(  File .*\n(    .*\n)?)*"
                             "  File \".*debug\\.cpp\", line " +
                             std::to_string(line) +
                             ", in .*\n"
                             "    asyncio::create_task\\(fails\\(\\)\\);\n"
                             "ValueError: lost\n")))
            << text;
        EXPECT_TRUE(std::regex_search(
            text, std::regex("Future exception was never retrieved\n"
                             "future: <Future finished exception=ValueError\\('unseen'\\) created at .*>\n"
                             "source_traceback: Object created at")))
            << text;
        EXPECT_TRUE(std::regex_search(
            text, std::regex("Exception in callback <lambda>\\(\\) at .*debug\\.cpp:[0-9]+\n"
                             "handle: <Handle <lambda>\\(\\) at .*debug\\.cpp:[0-9]+ created at .*debug\\.cpp:[0-9]+>\n"
                             "source_traceback: Object created at")))
            << text;
      },
      {.debug = true});
}

// --- swallowed cancels: an extension ---

TEST(debug, a_task_that_swallows_a_cancel_is_reported_with_name_and_place) {
  in_both_doors(
      [](auto run) {
        const std::string text = told_by([&] {
          run([]() -> Coro<> {
            const auto t = asyncio::create_task(swallows());
            t.set_name("stubborn");
            co_await settle();
            t.cancel();
            co_await t;
          }());
        });
        EXPECT_EQ(times(text, "Task was cancelled, swallowed that, and ended normally\n"), 1u) << text;
        EXPECT_THAT(text, HasSubstr("task: <Task finished name='stubborn' coro=<swallows() done, defined at "));
        if (hocket::rt::symbols_have_lines()) EXPECT_THAT(text, HasSubstr("> created at "));
      },
      {.debug = true});
}

TEST(debug, hears_of_no_swallowed_cancel_where_the_request_was_answered_or_taken_back) {
  in_both_doors(
      [](auto run) {
        EXPECT_EQ(told_by([&] {
                    run([]() -> Coro<> {
                      // It ends as cancelled.
                      const auto cancelled = asyncio::create_task(rests(10));
                      // It takes the request back.
                      const auto uncancels = asyncio::create_task([]() -> Coro<> {
                        co_await swallows();
                        asyncio::current_task().uncancel();
                      });
                      // It turns it into an exception.
                      const auto raises = asyncio::create_task([]() -> Coro<> {
                        co_await swallows();
                        throw asyncio::ValueError("instead");
                      });
                      co_await settle();
                      cancelled.cancel();
                      uncancels.cancel();
                      raises.cancel();
                      EXPECT_EQ(co_await ending(cancelled), "CancelledError");
                      EXPECT_EQ(co_await ending(uncancels), "returned");
                      EXPECT_EQ(co_await ending(raises), "ValueError: instead");
                      // Timeouts and groups take back what they asked for.
                      EXPECT_EQ(co_await ending(asyncio::wait_for(rests(10), 1)), "TimeoutError");
                      const auto body = [](asyncio::TaskGroup& tg) -> Coro<> {
                        tg.create_task(fails());
                        co_await asyncio::sleep(10);
                      };
                      const std::string group = co_await ending(asyncio::task_group(body));
                      EXPECT_THAT(group, StartsWith("ExceptionGroup: "));
                    }());
                  }),
                  "");
      },
      {.debug = true});
}

TEST(debug, tells_the_exception_handler_of_a_swallowed_cancel) {
  in_both_doors(
      [](auto run) {
        run([]() -> Coro<> {
          const auto told = new_future<ExceptionContext>();
          asyncio::get_running_loop().set_exception_handler(
              [told](const EventLoop&, const ExceptionContext& c) { told.try_set_result(c); });
          const auto t = asyncio::create_task(swallows());
          co_await settle();
          t.cancel();
          const auto& context = co_await told;
          EXPECT_FALSE(context.exception);
          EXPECT_THAT(context.details.at("task"), StartsWith("<Task finished "));
        }());
      },
      {.debug = true});
}

// --- the exception handler ---

// C43: default_exc_handler_broken. Here nobody can replace the default handler, but memory may be out.
TEST(debug, a_default_exception_handler_that_fails_is_contained) {
  if (!hocket::testing_support::counts_allocations()) GTEST_SKIP() << "the sanitizer has operator new";
  with_loops([](EventLoop& loop) {
    const ExceptionContext context("a message that is too long to be kept in place by any string");
    EXPECT_EQ(told_by([&] {
                hocket::testing_support::fail_allocation(1);
                loop.default_exception_handler(context);
                hocket::testing_support::fail_allocation(0);
              }),
              "Exception in default exception handler\n");
    loop.set_exception_handler([](const EventLoop&, const ExceptionContext&) {
      hocket::testing_support::fail_allocation(1);
      throw 1;  // not by operator new
    });
    EXPECT_EQ(
        told_by([&] {
          loop.call_exception_handler(context);
          hocket::testing_support::fail_allocation(0);
        }),
        "Exception in default exception handler while handling an unexpected error in custom exception handler\n");
  });
}

// --- the policy for what nobody waits for: an extension ---

constexpr const char* unhandled = "Unhandled exception in a task that nobody waits for";

TEST(unhandled, is_asyncios_way_unless_asked_for_otherwise) {
  in_both_doors(
      [](auto run) {
        run([]() -> Coro<> {
          EXPECT_EQ(asyncio::get_running_loop().on_unhandled(), OnUnhandled::at_last_handle);
          co_return;
        }());
        EXPECT_EQ(told_by([&] {
                    run([]() -> Coro<> {
                      auto kept = asyncio::create_task(fails());
                      co_await asyncio::sleep(10);
                      EXPECT_TRUE(kept.exception());
                    }());
                  }),
                  "");
      },
      {});
}

TEST(unhandled, is_logged_at_the_end_of_the_task_though_its_handle_is_kept) {
  in_both_doors(
      [](auto run) {
        std::string early;
        const std::string late = told_by([&] {
          run([](std::string& seen) -> Coro<> {
            asyncio::get_running_loop().set_exception_handler(
                [](const EventLoop&, const ExceptionContext&) { ADD_FAILURE() << "standard error was asked for"; });
            const auto kept = asyncio::create_task(fails());
            co_await asyncio::sleep(1);
            seen = testing::internal::GetCapturedStderr();
            testing::internal::CaptureStderr();
          }(early));
        });
        EXPECT_EQ(times(early, std::string(unhandled) + "\ntask: <Task finished name='Task-"), 1u) << early;
        EXPECT_THAT(early, HasSubstr("ValueError: lost\n"));
        EXPECT_EQ(late, "") << "once is enough";
      },
      {.debug = false, .on_unhandled = OnUnhandled::log});
}

TEST(unhandled, is_told_to_the_exception_handler) {
  in_both_doors(
      [](auto run) {
        run([]() -> Coro<> {
          Log log;
          asyncio::get_running_loop().set_exception_handler(
              [&log](const EventLoop&, const ExceptionContext& c) { log(c.message + ": " + describe(c.exception)); });
          auto kept = asyncio::create_task(fails());
          // A done callback that does not look is no help, as the one that forgets a task in asyncio's manual.
          kept.add_done_callback([](Task<>) {});
          co_await asyncio::sleep(1);
          EXPECT_EQ(log.entries(), (Entries{std::string(unhandled) + ": ValueError: lost"}));
          kept = {};
          EXPECT_EQ(log.entries().size(), 1u);
          asyncio::get_running_loop().set_exception_handler(nullptr);
        }());
      },
      {.on_unhandled = OnUnhandled::handler});
}

TEST(unhandled, is_nothing_that_somebody_waits_for_or_has_looked_at) {
  in_both_doors(
      [](auto run) {
        EXPECT_EQ(told_by([&] {
                    run([]() -> Coro<> {
                      EXPECT_EQ(co_await ending(asyncio::create_task(fails())), "ValueError: lost");
                      EXPECT_EQ(co_await ending(asyncio::gather(fails(), rests(5))), "ValueError: lost");
                      const auto body = [](asyncio::TaskGroup& tg) -> Coro<> {
                        tg.create_task(fails());
                        co_await asyncio::sleep(5);
                      };
                      EXPECT_THAT(co_await ending(asyncio::task_group(body)), StartsWith("ExceptionGroup: "));
                      EXPECT_EQ(co_await ending(asyncio::shield(asyncio::create_task(fails()))), "ValueError: lost");
                      // wait() answers for its tasks while it waits.
                      // In the parallel door it may fail before wait() is called, and is then to be looked at within
                      // 0.1 s.
                      std::vector<Task<>> both{asyncio::create_task(fails()), asyncio::create_task(rests(0.05))};
                      co_await asyncio::wait(both);
                      EXPECT_TRUE(both[0].exception());
                      // A done callback that looks.
                      auto watched = asyncio::create_task(fails());
                      watched.add_done_callback([](Task<> t) { EXPECT_TRUE(t.exception()); });
                      // It ends before it is awaited, in the turn in which it was made.
                      auto soon = asyncio::create_task(fails());
                      co_await asyncio::sleep(0);
                      EXPECT_EQ(co_await ending(soon), "ValueError: lost");
                      co_await asyncio::sleep(5);
                    }());
                  }),
                  "");
      },
      {.debug = false, .on_unhandled = OnUnhandled::log});
}

TEST(unhandled, is_seen_to_when_the_run_ends_before_the_turn_does) {
  in_both_doors(
      [](auto run) {
        std::optional<Task<>> kept;
        const std::string text = told_by([&] {
          run([](std::optional<Task<>>& to) -> Coro<> {
            to = asyncio::create_task(fails());
            co_await asyncio::sleep(0);
          }(kept));
        });
        // A worker may not have come to it, and then the run cancels it: both are told.
        const bool is_of_the_run = text.find("unhandled exception during asyncio.run() shutdown") != text.npos;
        EXPECT_TRUE(times(text, unhandled) == 1 || is_of_the_run || kept->cancelled()) << text;
      },
      {.debug = false, .on_unhandled = OnUnhandled::log});
}

// They end the run; what is told of the task is what is told in CPython, when its last handle goes.
TEST(unhandled, leaves_requests_to_exit_alone) {
  const std::string told = told_by([&] {
    try {
      asyncio::run(
          []() -> Coro<> {
            const auto t = asyncio::create_task([]() -> Coro<> {
              throw asyncio::SystemExit(3);
              co_return;
            });
            co_await asyncio::sleep(1);
          }(),
          {.virtual_clock = true, .debug = false, .on_unhandled = OnUnhandled::log});
      ADD_FAILURE() << "the run went on";
    } catch (const asyncio::SystemExit&) {
    }
  });
  EXPECT_EQ(told.find("Unhandled"), told.npos) << told;
  EXPECT_EQ(told.find("Task exception was never retrieved\n"), 0u) << told;
}

using unhandled_death_test = testing::Test;

TEST(unhandled_death_test, aborts_where_that_was_asked_for) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto keeps_one = [] {
    asyncio::run(
        []() -> Coro<> {
          const auto kept = asyncio::create_task(fails());
          co_await asyncio::sleep(1);
        }(),
        {.virtual_clock = true, .on_unhandled = OnUnhandled::abort});
  };
  EXPECT_EXIT(keeps_one(), testing::KilledBySignal(SIGABRT), "nobody waits for\n(.*\n)*.*ValueError: lost");
}

}  // namespace
