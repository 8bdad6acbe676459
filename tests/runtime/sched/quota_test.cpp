// Workers step aside while a CPU quota allows fewer, and come back. The control groups are a folder of the test's own.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <hocket/rt/sched/cpu_pacer.hpp>
#include <hocket/rt/sched/quota_watch.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

#include "probe.hpp"
#include "support/environment.hpp"
#include "support/eventually.hpp"
#include "support/temp_folder.hpp"

namespace hocket::rt {
namespace {

using support::eventually;
using test::job;

/// A machine whose quota can be set.
class machine : public support::temp_folder {
 public:
  machine() {
    write("/proc/self/cgroup", "0::/app\n");
    write("/proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n");
    quota("max");
  }
  void quota(const char* us_per_100_ms) const {
    write("/sys/fs/cgroup/app/cpu.max", std::string(us_per_100_ms) + " 100000\n");
  }
  scheduler_options with_workers(unsigned n) const {
    scheduler_options o = test::with_workers(n, 1);
    o.follow_quota = 1;
    o.pace_to_quota = 0;
    o.quota_root = path();
    o.quota_interval = 2 * nanos_per_ms;
    return o;
  }
};

TEST(quota_watch, gives_the_quota_and_how_many_workers_may_run) {
  const machine m;
  quota_watch watch(4, m.path(), 0);
  EXPECT_EQ(watch.look(steady_now()), 0.0);
  m.quota("150000");
  EXPECT_EQ(watch.look(steady_now()), 1.5);
  EXPECT_EQ(watch.workers_for(0), 4u) << "no quota";
  EXPECT_EQ(watch.workers_for(0.2), 1u);
  EXPECT_EQ(watch.workers_for(1), 1u);
  EXPECT_EQ(watch.workers_for(1.5), 2u);
  EXPECT_EQ(watch.workers_for(9), 4u);
}

TEST(quota_watch, looks_only_when_it_is_due) {
  const machine m;
  quota_watch watch(2, m.path(), nanos_per_second);
  const nanos now = steady_now();
  EXPECT_EQ(watch.look(now), 0.0);
  EXPECT_EQ(watch.look(now), std::nullopt);
  EXPECT_EQ(watch.look(now + nanos_per_second / 2), std::nullopt);
  EXPECT_EQ(watch.look(now + 2 * nanos_per_second), 0.0);
}

TEST(cpu_pacer, lets_long_work_use_most_of_the_quota) {
  cpu_pacer pacer;
  EXPECT_EQ(pacer.wait_before(0, nanos_per_second), 0) << "there is no quota";
  pacer.set_quota(1.5, 0, 0);
  // Work that takes 5 ms on each of two processors, and waits as it is told, for ten seconds.
  nanos now = 0, used = 0;
  while (now < 10 * nanos_per_second) {
    now += pacer.wait_before(now, used);
    now += 5 * nanos_per_ms;
    used += 10 * nanos_per_ms;
  }
  const double cpus = static_cast<double>(used) / static_cast<double>(now);
  EXPECT_LT(cpus, 1.5);
  EXPECT_GT(cpus, 1.4);
}

TEST(cpu_pacer, saves_up_no_more_than_a_little) {
  cpu_pacer pacer;
  pacer.set_quota(1, 0, 0);
  EXPECT_EQ(pacer.wait_before(60 * nanos_per_second, 0), 0) << "a minute of rest";
  EXPECT_EQ(pacer.wait_before(60 * nanos_per_second, 2 * nanos_per_ms), 0);
  EXPECT_GT(pacer.wait_before(60 * nanos_per_second, 4 * nanos_per_ms), 0);
  pacer.set_quota(0, 0, 0);
  EXPECT_EQ(pacer.wait_before(60 * nanos_per_second, nanos_per_second), 0);
}

/// Keeps every worker busy with short jobs that post themselves again, and remembers who ran them.
class busy_work {
 public:
  busy_work(scheduler& sched, unsigned count) : sched_(sched), left_(count) {
    for (unsigned i = 0; i < count; ++i) jobs_.push_back(std::make_unique<job>([this, i] { step(i); }));
    for (auto& j : jobs_) sched.post_bulk(*j);
  }
  ~busy_work() {
    stop_ = true;
    EXPECT_TRUE(eventually([this] { return left_.load() == 0; }));
  }

  /// Those who ran something since the last call.
  std::set<unsigned> take_who() {
    const std::lock_guard lock(mutex_);
    return std::exchange(who_, {});
  }

 private:
  void step(unsigned i) {
    {
      const std::lock_guard lock(mutex_);
      who_.insert(this_thread().self->index());
    }
    for (int n = 0; n < 2000; ++n) spin_pause();
    if (stop_) {
      --left_;
    } else {
      sched_.post_bulk(*jobs_[i]);
    }
  }

  scheduler& sched_;
  std::atomic<unsigned> left_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<job>> jobs_;
  std::mutex mutex_;
  std::set<unsigned> who_;  // guarded by mutex_
};

/// Whether from now on just the first `n` workers run things.
bool settles_on(busy_work& busy, unsigned n) {
  return eventually([&] {
    busy.take_who();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const auto who = busy.take_who();
    return who.size() == n && *who.rbegin() == n - 1;
  });
}

TEST(quota, workers_step_aside_and_come_back) {
  const machine m;
  scheduler sched(m.with_workers(4));
  busy_work busy(sched, 8);
  EXPECT_TRUE(settles_on(busy, 4));
  m.quota("150000");
  EXPECT_TRUE(settles_on(busy, 2));
  EXPECT_EQ(sched.workers_in_service(), 2u);
  m.quota("50000");
  EXPECT_TRUE(settles_on(busy, 1));
  m.quota("max");
  EXPECT_TRUE(settles_on(busy, 4));
  EXPECT_EQ(sched.workers_in_service(), 4u);
}

TEST(quota, a_number_that_was_asked_for_is_kept) {
  const machine m;
  scheduler_options o = m.with_workers(2);
  o.follow_quota = -1;
  scheduler sched(o);
  EXPECT_FALSE(sched.plan().follow_quota);
  o.follow_quota = 0;
  o.workers = 0;
  scheduler off(o);
  EXPECT_FALSE(off.plan().follow_quota);
}

// What the process may use is a bound from above: on a busy machine it uses less.
TEST(quota, long_work_waits_before_it_is_used_up) {
  const machine m;
  m.quota("50000");
  scheduler_options o = m.with_workers(2);
  o.pace_to_quota = 1;
  scheduler sched(o);
  busy_work busy(sched, 4);
  EXPECT_TRUE(eventually([&] { return sched.workers_in_service() == 1; }));
  EXPECT_TRUE(eventually([&] {
    const nanos start = steady_now(), used = process_cpu_time();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return static_cast<double>(process_cpu_time() - used) < 0.6 * static_cast<double>(steady_now() - start);
  }));
  EXPECT_FALSE(busy.take_who().empty()) << "it does run";
}

// The quota swings while strangers post and workers post to themselves: every job runs once.
TEST(quota, nothing_is_lost_while_workers_come_and_go) {
  const machine m;
  scheduler_options o = m.with_workers(4);
  o.quota_interval = 200 * nanos_per_us;
  scheduler sched(o);
  const unsigned rounds = static_cast<unsigned>(support::repetitions(300));
  std::atomic<bool> stop{false};
  std::thread swing([&] {
    for (unsigned i = 0; !stop; ++i) {
      static const char* const quotas[] = {"100000", "max", "200000", "50000", "300000"};
      m.quota(quotas[i % 5]);
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  for (unsigned round = 0; round < rounds; ++round) {
    std::atomic<unsigned> ran{0};
    std::vector<std::unique_ptr<job>> inner, outer;
    std::vector<std::unique_ptr<test::alarm>> alarms;
    for (int i = 0; i < 20; ++i) inner.push_back(std::make_unique<job>([&] { ++ran; }));
    for (int i = 0; i < 20; ++i) {
      alarms.push_back(std::make_unique<test::alarm>([&] { ++ran; }));
      outer.push_back(std::make_unique<job>([&, i] {
        const auto n = static_cast<std::size_t>(i);
        if (i % 3 == 0) {
          sched.post_next(*inner[n]);
        } else if (i % 3 == 1) {
          sched.post(*inner[n]);
        } else {
          sched.post_fork(*inner[n]);
        }
        sched.arm(*alarms[n], steady_now() + 100 * nanos_per_us);
        ++ran;
      }));
    }
    for (auto& j : outer) sched.post(*j);
    // Nobody is asked to hurry: an idle scheduler, too, must come to all of it.
    ASSERT_TRUE(eventually([&] { return ran.load() == 60; })) << ran.load() << " of 60 in round " << round;
  }
  stop = true;
  swing.join();
}

}  // namespace
}  // namespace hocket::rt
