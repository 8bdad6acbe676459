// Timers: in order, never early, and owned by exactly one of firing and cancelling.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

TEST(timers, fire_in_order_of_deadline_then_of_arming_on_one_worker) {
  constexpr int n = 500;
  scheduler sched(with_workers(1));
  gate done;
  std::vector<int> order;
  std::vector<std::unique_ptr<alarm>> alarms;
  for (int i = 0; i < n; ++i) {
    alarms.push_back(std::make_unique<alarm>([&, i] {
      order.push_back(i);
      done.add();
    }));
  }
  job arm_all([&] {
    const nanos start = sched.now() + 20 * nanos_per_ms;
    for (int i = 0; i < n; ++i) sched.arm(*alarms[i], start + (i * 7 % 50) * 10 * nanos_per_us);
  });
  sched.post(arm_all);
  done.wait(n);
  std::vector<int> expected;
  for (int slot = 0; slot < 50; ++slot) {
    for (int i = 0; i < n; ++i) {
      if (i * 7 % 50 == slot) expected.push_back(i);
    }
  }
  EXPECT_EQ(order, expected);
}

TEST(timers, never_fire_early) {
  for (const unsigned workers : {1u, 3u}) {
    constexpr int n = 100;
    scheduler sched(with_workers(workers));
    gate done;
    std::atomic<int> early{0};
    std::vector<std::unique_ptr<alarm>> alarms;
    std::vector<nanos> deadlines;
    for (int i = 0; i < n; ++i) {
      deadlines.push_back(sched.now() + i * 37 * nanos_per_us);
      alarms.push_back(std::make_unique<alarm>([&, i] {
        if (sched.now() < deadlines[i]) early.fetch_add(1);
        done.add();
      }));
    }
    for (int i = 0; i < n; ++i) sched.arm(*alarms[i], deadlines[i]);
    done.wait(n);
    EXPECT_EQ(early.load(), 0);
  }
}

TEST(timers, a_foreign_thread_that_arms_an_earlier_one_calls_the_sleeper_back) {
  scheduler sched(with_workers(2));
  gate far_fired, near_fired;
  alarm far([&] { far_fired.open(); });
  sched.arm(far, sched.now() + 3600 * nanos_per_second);
  for (std::uint32_t i = 0; i < 50; ++i) {
    alarm near([&] { near_fired.add(); });
    sched.arm(near, sched.now() + 200 * nanos_per_us);
    near_fired.wait(i + 1);
  }
  EXPECT_TRUE(sched.cancel(far));
  EXPECT_EQ(far_fired.count(), 0u);
}

TEST(timers, a_worker_that_arms_and_then_computes_has_its_timer_served_by_the_idle_one) {
  scheduler sched(with_workers(2));
  gate fired, ended;
  alarm a([&] { fired.open(); });
  job arms_and_hogs([&] {
    sched.arm(a, sched.now() + nanos_per_ms);
    fired.spin();
    ended.open();
  });
  // The other worker may be anywhere on its way to sleep when the hog begins; it must find the deadline either way.
  job settle([&] { sched.post(arms_and_hogs); });
  sched.post(settle);
  ended.wait();
}

TEST(timers, in_the_past_fire_at_once) {
  scheduler sched(with_workers(1));
  gate done;
  alarm a([&] { done.open(); });
  sched.arm(a, sched.now() - nanos_per_second);
  done.wait();
}

TEST(timers, cancel_and_fire_have_exactly_one_owner) {
  constexpr int n = 4000;
  scheduler sched(with_workers(2));
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<alarm>> alarms;
    std::vector<std::atomic<int>> owners(n);
    gate owned;
    for (int i = 0; i < n; ++i) {
      alarms.push_back(std::make_unique<alarm>([&, i] {
        owners[i].fetch_add(1);
        owned.add();
      }));
    }
    // Deadlines fall due while the cancellers go through them.
    const nanos start = sched.now();
    for (int i = 0; i < n; ++i) sched.arm(*alarms[i], start + (i % 997) * 3 * nanos_per_us);
    std::vector<std::thread> cancellers;
    for (int t = 0; t < 2; ++t) {
      cancellers.emplace_back([&, t] {
        for (int i = t; i < n; i += 2) {
          if (sched.cancel(*alarms[i])) {
            owners[i].fetch_add(1);
            owned.add();
          }
        }
      });
    }
    for (auto& c : cancellers) c.join();
    owned.wait(n);
    for (const auto& o : owners) ASSERT_EQ(o.load(), 1);
  }
}

TEST(timers, rearmed_from_its_own_fire_goes_on) {
  scheduler sched(with_workers(2));
  gate done;
  std::uint32_t left = 100;
  alarm* self = nullptr;
  alarm tick([&] {
    if (--left > 0) sched.arm(*self, sched.now() + 50 * nanos_per_us);
    done.add();
  });
  self = &tick;
  sched.arm(tick, sched.now());
  done.wait(100);
}

}  // namespace
}  // namespace hocket::rt::test
