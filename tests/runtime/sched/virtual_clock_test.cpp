// Time that can be owned: the virtual clock jumps exactly when nothing can run.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/time/timer_shard.hpp>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

constexpr nanos nanos_per_year = 365LL * 24 * 3600 * nanos_per_second;

scheduler_options virtual_with(unsigned n) {
  auto o = with_workers(n);
  o.virtual_clock = true;
  return o;
}

class virtual_clock : public testing::TestWithParam<unsigned> {};

TEST_P(virtual_clock, a_century_passes_at_once) {
  scheduler sched(virtual_with(GetParam()));
  gate done;
  nanos fired_at = 0;
  alarm a([&] {
    fired_at = sched.now();
    done.open();
  });
  sched.arm(a, 100 * nanos_per_year);
  done.wait();
  EXPECT_EQ(fired_at, 100 * nanos_per_year);
}

TEST_P(virtual_clock, a_thousand_years_end_with_time_itself) {
  // 2^63 ns are 292 years: what is armed for later fires at the end.
  scheduler sched(virtual_with(GetParam()));
  gate done;
  alarm a([&] { done.open(); });
  sched.arm(a, saturating_add(sched.now(), never));
  done.wait();
  EXPECT_EQ(sched.now(), end_of_time);
}

TEST_P(virtual_clock, jumps_to_each_deadline_in_order_and_never_past_one) {
  constexpr int n = 200;
  scheduler sched(virtual_with(GetParam()));
  gate done;
  std::vector<std::pair<int, nanos>> fired;  // timers fire on one thread at a time here: a jump waits for all to sleep
  std::vector<std::unique_ptr<alarm>> alarms;
  for (int i = 0; i < n; ++i) {
    alarms.push_back(std::make_unique<alarm>([&, i] {
      fired.emplace_back(i, sched.now());
      done.add();
    }));
  }
  job arm_all([&] {
    for (int i = 0; i < n; ++i) sched.arm(*alarms[i], ((i * 37) % n + 1) * nanos_per_second);
  });
  sched.post(arm_all);
  done.wait(n);
  ASSERT_EQ(fired.size(), static_cast<std::size_t>(n));
  for (int k = 0; k < n; ++k) {
    EXPECT_EQ((fired[k].first * 37) % n, k);
    EXPECT_EQ(fired[k].second, (k + 1) * nanos_per_second);
  }
}

TEST_P(virtual_clock, stands_while_something_runs) {
  scheduler sched(virtual_with(GetParam()));
  gate fired, looked;
  nanos in_the_middle = -1;
  alarm a([&] { fired.open(); });
  job busy([&] {
    sched.arm(a, nanos_per_second);
    for (int i = 0; i < 100'000; ++i) spin_pause();
    in_the_middle = sched.now();
    looked.open();
  });
  sched.post(busy);
  fired.wait();
  EXPECT_EQ(looked.count(), 1u);
  EXPECT_EQ(in_the_middle, 0);
}

TEST_P(virtual_clock, a_sequence_of_sleeps_across_workers_adds_up) {
  constexpr int rounds = 500;
  scheduler sched(virtual_with(GetParam()));
  gate done;
  int left = rounds;
  job* again = nullptr;
  alarm wake([&] { sched.post(*again); });
  job step([&] {
    if (left-- == 0) return done.open();
    sched.arm(wake, sched.now() + nanos_per_second);
  });
  again = &step;
  sched.post(step);
  done.wait();
  EXPECT_EQ(sched.now(), rounds * nanos_per_second);
}

TEST_P(virtual_clock, a_hold_keeps_it_until_the_release) {
  scheduler sched(virtual_with(GetParam()));
  gate done, posted;
  nanos when_posted = -1;
  alarm a([&] { done.open(); });
  job look([&] {
    when_posted = sched.now();
    posted.open();
  });
  sched.hold_virtual_time();
  sched.arm(a, nanos_per_second);
  for (int i = 0; i < 50; ++i) {
    sched.post(look);
    posted.wait(static_cast<std::uint32_t>(i + 1));
    ASSERT_EQ(when_posted, 0);
  }
  EXPECT_EQ(done.count(), 0u);
  sched.release_virtual_time();
  done.wait();
  EXPECT_EQ(sched.now(), nanos_per_second);
}

TEST_P(virtual_clock, a_hold_that_a_job_takes_as_its_last_act_is_seen) {
  // The one who would jump may have looked at the holds before the job took its own, and at the sleepers after it
  // ended.
  constexpr std::uint32_t rounds = 3000;
  scheduler sched(virtual_with(GetParam()));
  gate held;
  alarm a([] {});
  job hold([&] {
    sched.hold_virtual_time();
    held.open();
  });
  for (std::uint32_t i = 1; i <= rounds; ++i) {
    sched.hold_virtual_time();
    sched.arm(a, nanos_per_year);
    sched.post(hold);
    sched.release_virtual_time();
    held.wait(i);
    for (int k = 0; k < 200; ++k) spin_pause();
    EXPECT_TRUE(sched.cancel(a));
    sched.release_virtual_time();
  }
  EXPECT_EQ(sched.now(), 0);
}

TEST_P(virtual_clock, a_blocking_job_holds_it_and_its_post_comes_before_the_jump) {
  scheduler sched(virtual_with(GetParam()));
  gate done, fired;
  nanos at_completion = -1;
  alarm a([&] { fired.open(); });
  job completion([&] {
    at_completion = sched.now();
    done.open();
  });
  job blocks([&] {
    for (int i = 0; i < 50; ++i) std::this_thread::yield();
    sched.post(completion);
  });
  job start([&] {
    sched.arm(a, nanos_per_second);
    sched.blocking().submit(blocks);
  });
  sched.post(start);
  done.wait();
  fired.wait();
  EXPECT_EQ(at_completion, 0);
}

INSTANTIATE_TEST_SUITE_P(workers, virtual_clock, testing::Values(1u, 2u, 4u));

}  // namespace
}  // namespace hocket::rt::test
