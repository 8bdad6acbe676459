// Who is stuck is reported, once, with what it is doing.
#include <hocket/rt/sched/stall_report.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include <hocket/rt/base/symbols.hpp>

#include "probe.hpp"
#include "support/environment.hpp"
#include "support/eventually.hpp"

namespace hocket::rt::test {
namespace {

scheduler_options reporting(nanos threshold) {
  scheduler_options o = with_workers(1, 1);
  o.stall_report = threshold;
  return o;
}

std::uint64_t reports(const scheduler& sched) { return sched.counters().stalls_reported; }

/// Spins until one more report was printed; not for ever.
[[gnu::noinline]] void spins_until_it_is_reported(const scheduler& sched, std::uint64_t before) {
  for (const nanos until = steady_now() + 20 * nanos_per_second; reports(sched) == before;) {
    if (steady_now() > until) return;
    for (int i = 0; i < 100'000; ++i) asm volatile("");
  }
}

void spin_for(nanos time) {
  for (const nanos until = steady_now() + time; steady_now() < until;) {
  }
}

void run_on_a_worker(scheduler& sched, std::function<void()> what) {
  gate ended;
  job j([&] {
    what();
    ended.open();
  });
  sched.post(j);
  ended.wait();
}

TEST(stall_report, names_the_function_on_top_of_the_stack) {
  testing::internal::CaptureStderr();
  {
    scheduler sched(reporting(5 * nanos_per_ms));
    run_on_a_worker(sched, [&] { spins_until_it_is_reported(sched, 0); });
    EXPECT_EQ(reports(sched), 1u);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("hocket: worker 0 has been in something that is no task for ")) << text;
  if (support::under_sanitizer && text.find("its stack could not be read") != text.npos) {
    GTEST_SKIP() << "the sanitizer calls signal handlers later";
  }
  if (!symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  EXPECT_NE(text.find("spins_until_it_is_reported"), text.npos) << text;
  EXPECT_NE(text.find("stall_report_test.cpp:"), text.npos) << text;
}

TEST(stall_report, tells_of_what_happens_again_and_again_less_and_less_often) {
  testing::internal::CaptureStderr();
  std::uint64_t told = 0;
  {
    scheduler sched(reporting(3 * nanos_per_ms));
    run_on_a_worker(sched, [&] { spins_until_it_is_reported(sched, 0); });
    for (int i = 0; i < 6; ++i) run_on_a_worker(sched, [] { spin_for(20 * nanos_per_ms); });
    told = reports(sched);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_GE(told, 1u);
  EXPECT_LE(told, 3u) << "the first, the second and the fourth\n" << text;
}

TEST(stall_report, leaves_a_declared_hog_alone) {
  scheduler sched(reporting(100 * nanos_per_ms));
  run_on_a_worker(sched, [&] {
    const hog_scope hog(sched);
    spin_for(300 * nanos_per_ms);
  });
  EXPECT_EQ(reports(sched), 0u);
}

TEST(stall_report, is_silent_when_it_is_off) {
  scheduler sched(reporting(0));
  run_on_a_worker(sched, [] { spin_for(30 * nanos_per_ms); });
  EXPECT_EQ(reports(sched), 0u);
}

TEST(stall_report, is_silent_while_a_worker_sleeps) {
  scheduler sched(reporting(100 * nanos_per_ms));
  run_on_a_worker(sched, [] {});
  ::usleep(300'000);  // nobody is up
  run_on_a_worker(sched, [] {});
  EXPECT_EQ(reports(sched), 0u);
}

TEST(stall_report, does_not_end_a_system_call_that_the_kernel_takes_up_again) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  testing::internal::CaptureStderr();
  {
    scheduler sched(reporting(3 * nanos_per_ms));
    gate begun, ended;
    ssize_t got = 0;
    job reader([&] {
      begun.open();
      char c = 0;
      got = ::read(ends[0], &c, 1);
      ended.open();
    });
    sched.post(reader);
    begun.wait();
    // ThreadSanitizer keeps signals back during a call that may block.
    support::eventually([&] { return reports(sched) > 0; }, std::chrono::seconds(support::under_sanitizer ? 2 : 20));
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    ended.wait();
    EXPECT_EQ(got, 1);
  }
  const std::string text = testing::internal::GetCapturedStderr();
  if (!support::under_sanitizer && symbols_have_lines()) EXPECT_NE(text.find("read"), text.npos) << text;
  ::close(ends[0]);
  ::close(ends[1]);
}

// ---- The signal.

volatile std::sig_atomic_t users_signals = 0;

TEST(stall_signal_death_test, is_left_to_whoever_has_it) {
  const auto program = [] {
    struct sigaction users{};
    users.sa_handler = [](int) { users_signals = users_signals + 1; };
    sigaction(stall_probe::signal(), &users, nullptr);
    {
      scheduler sched(reporting(3 * nanos_per_ms));
      run_on_a_worker(sched, [&] { spins_until_it_is_reported(sched, 0); });
      if (users_signals != 0) std::_Exit(3);  // the runtime sent it
      ::kill(::getpid(), stall_probe::signal());
      support::eventually([] { return users_signals == 1; });
    }
    std::_Exit(users_signals == 1 ? 0 : 4);
  };
  EXPECT_EXIT(
      program(), testing::ExitedWithCode(0),
      "HOCKET_STALL_REPORT: signal [0-9]+ \\(SIGRTMAX - 1\\) has a handler of somebody else(.|\n)*did not answer");
}

TEST(stall_signal_death_test, may_be_taken_over_later) {
  const auto program = [] {
    {
      scheduler sched(reporting(3 * nanos_per_ms));
      struct sigaction users{};
      users.sa_handler = [](int) { users_signals = users_signals + 1; };
      sigaction(stall_probe::signal(), &users, nullptr);
      run_on_a_worker(sched, [&] { spins_until_it_is_reported(sched, 0); });
    }
    std::_Exit(users_signals == 0 ? 0 : 3);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "did not answer");
}

TEST(stall_signal_death_test, says_nothing_when_others_send_it) {
  const auto program = [] {
    scheduler sched(reporting(3 * nanos_per_ms));
    for (int i = 0; i < 10; ++i) ::kill(::getpid(), stall_probe::signal());
    run_on_a_worker(sched, [] { ::kill(::getpid(), stall_probe::signal()); });
    std::_Exit(0);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "^$");
}

// ---- Names.

TEST(symbols, have_the_function_and_the_line_of_an_address) {
  if (!symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  const auto at = reinterpret_cast<const void*>(&spins_until_it_is_reported);
  const auto places = places_of(at, false);
  ASSERT_FALSE(places.empty());
  EXPECT_NE(places.back().function.find("spins_until_it_is_reported"), std::string::npos) << places.back().function;
  EXPECT_TRUE(places.back().file.ends_with("stall_report_test.cpp")) << places.back().file;
  EXPECT_GT(places.back().line, 0);
}

TEST(symbols, say_something_of_any_address) {
  for (const auto at : {std::uintptr_t{1}, std::uintptr_t{0xdeadbeef}, ~std::uintptr_t{0}}) {
    EXPECT_FALSE(places_of(reinterpret_cast<const void*>(at), true).empty());
  }
}

TEST(symbols, are_readable_also_for_the_parts_of_a_coroutine) {
  EXPECT_EQ(readable_name("_Z6handlel.resume"), "handle(long)");
  EXPECT_EQ(readable_name("_Z6handlel.actor"), "handle(long)");
  EXPECT_EQ(readable_name("_Z6handlel"), "handle(long)");
  EXPECT_EQ(readable_name("main"), "main");
  EXPECT_EQ(readable_name(nullptr), "");
}

}  // namespace
}  // namespace hocket::rt::test
