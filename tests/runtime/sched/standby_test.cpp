// While every worker computes, sockets, timers and posted work are served all the same.
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <vector>

#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/sched/standby.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

bool on_the_standby() { return this_thread().self && this_thread().self->is_standby(); }

struct readable : io_op {
  explicit readable(std::function<void()> f) : function(std::move(f)) {}
  void run() noexcept override { function(); }
  std::function<void()> function;
};

class with_standby : public testing::TestWithParam<unsigned> {};

TEST_P(with_standby, serves_what_a_foreign_thread_posts) {
  scheduler sched(with_workers(GetParam(), 1));
  for (int round = 0; round < 20; ++round) {
    gate release;
    bool by_standby = false;
    job item([&] {
      by_standby = on_the_standby();
      release.open();
    });
    {
      all_workers_hog hogs(sched, release);
      sched.post(item);
    }
    EXPECT_TRUE(by_standby);
  }
  EXPECT_GE(sched.counters().standby.runs, 20u);
  EXPECT_GE(sched.counters().standby_activations, 1u);
}

TEST_P(with_standby, serves_a_timer) {
  scheduler sched(with_workers(GetParam(), 1));
  for (int round = 0; round < 20; ++round) {
    gate release;
    alarm a([&] { release.open(); });
    all_workers_hog hogs(sched, release);
    sched.arm(a, sched.now() + 300 * nanos_per_us);
  }
}

TEST_P(with_standby, serves_a_socket) {
  scheduler sched(with_workers(GetParam(), 1));
  unique_fd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const descriptor d = sched.io().attach(event.get());
  for (int round = 0; round < 20; ++round) {
    gate release;
    readable op([&] {
      std::uint64_t value = 0;
      EXPECT_EQ(::read(event.get(), &value, sizeof value), 8);
      release.open();
    });
    while (!sched.io().submit(d, io_direction::read, op)) {
    }
    all_workers_hog hogs(sched, release);
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(event.get(), &one, sizeof one), 8);
  }
  EXPECT_TRUE(sched.io().detach(d).empty());
}

TEST_P(with_standby, runs_what_the_hog_itself_makes_ready) {
  scheduler sched(with_workers(GetParam(), 1));
  gate release, begun, ended;
  job child([&] { release.open(); });
  job parent([&] {
    begun.wait(GetParam() - 1);
    const hog_scope hog(sched);
    sched.post(child);
    release.spin();
    ended.add();
  });
  std::vector<std::unique_ptr<job>> hogs;
  for (unsigned i = 1; i < GetParam(); ++i) {
    hogs.push_back(std::make_unique<job>([&] {
      const hog_scope hog(sched);
      begun.add();
      release.spin();
      ended.add();
    }));
    sched.post_bulk(*hogs.back());
  }
  sched.post_bulk(parent);
  ended.wait(GetParam());
}

TEST_P(with_standby, takes_what_waited_in_the_next_slot_before_the_hog_began) {
  scheduler sched(with_workers(1, 1));
  gate release, ended;
  job woken([&] { release.open(); });
  job parent([&] {
    sched.post_next(woken);
    const hog_scope hog(sched);
    release.spin();
    ended.open();
  });
  sched.post(parent);
  ended.wait();
}

TEST_P(with_standby, never_takes_forks_or_bulk_work) {
  constexpr int n = 20;
  std::atomic<int> on_standby{0};
  gate light_done, heavy_done, release;
  std::vector<std::unique_ptr<job>> heavy;
  const auto note = [&] {
    on_standby += on_the_standby();
    heavy_done.add();
  };
  for (int i = 0; i < 3 * n; ++i) heavy.push_back(std::make_unique<job>(note));
  scheduler sched(with_workers(GetParam(), 1));
  bool light_on_standby = false;
  job light([&] {
    light_on_standby = on_the_standby();
    // From the standby, forks and bulk go where only workers look.
    for (int i = 2 * n; i < 3 * n; ++i) sched.post_fork(*heavy[i]);
    EXPECT_EQ(sched.pop_fork(), nullptr);
    light_done.open();
  });
  {
    all_workers_hog hogs(sched, release);
    for (int i = 0; i < n; ++i) sched.post_bulk(*heavy[i]);
    for (int i = n; i < 2 * n; ++i) sched.post_fork(*heavy[i]);  // from here: bulk
    sched.post(light);
    light_done.wait();
    EXPECT_EQ(heavy_done.count(), 0u);
    release.open();
  }
  heavy_done.wait(3 * n);
  EXPECT_TRUE(light_on_standby);
  EXPECT_EQ(on_standby.load(), 0);
}

TEST_P(with_standby, a_checkpoint_hands_what_it_finds_to_the_standby) {
  scheduler sched(with_workers(GetParam(), 1));
  unique_fd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const descriptor d = sched.io().attach(event.get());
  gate release, begun, ended;
  job woken([&] { release.open(); });
  readable op([&] { sched.post(woken); });
  while (!sched.io().submit(d, io_direction::read, op)) {
  }
  std::vector<std::unique_ptr<job>> hogs;  // none of them declared
  for (unsigned i = 0; i < GetParam(); ++i) {
    hogs.push_back(std::make_unique<job>([&] {
      begun.add();
      while (release.count() == 0) sched.checkpoint();
      ended.add();
    }));
    sched.post_bulk(*hogs.back());
  }
  begun.wait(GetParam());
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(event.get(), &one, sizeof one), 8);
  ended.wait(GetParam());
  EXPECT_TRUE(sched.io().detach(d).empty());
}

void expect_the_watch_to_find(hogs kind, unsigned workers) {
  scheduler sched(with_workers(workers, 1));
  for (int round = 0; round < 10; ++round) {
    gate release;
    bool by_standby = false;
    job item([&] {
      by_standby = on_the_standby();
      release.open();
    });
    alarm a([&] { sched.post(item); });
    {
      all_workers_hog hogs_here(sched, release, kind);
      if (round % 2) {
        sched.post(item);
      } else {
        sched.arm(a, sched.now());
      }
    }
    EXPECT_TRUE(by_standby);
  }
}

TEST_P(with_standby, hogs_that_nobody_declared_are_found_by_the_watch) {
  expect_the_watch_to_find(hogs::undeclared, GetParam());
}

TEST_P(with_standby, workers_that_block_in_a_call_are_found_by_the_watch) {
  expect_the_watch_to_find(hogs::blocking, GetParam());
}

TEST_P(with_standby, what_an_undeclared_hog_left_in_its_queues_is_found) {
  scheduler sched(with_workers(GetParam(), 1));
  gate in_ready, in_next, ended;
  job ready([&] { in_ready.open(); });
  job next([&] { in_next.open(); });
  job hog([&] {
    sched.post_next(next);
    sched.post(ready);
    in_ready.spin();
    in_next.spin();
    ended.open();
  });
  sched.post_bulk(hog);
  ended.wait();
}

TEST_P(with_standby, the_watch_wakes_a_sleeper_to_take_over_the_reactor) {
  if (GetParam() < 2) GTEST_SKIP() << "takes two";
  for (int round = 0; round < 10; ++round) {
    scheduler sched(with_workers(2, 1));
    gate release, ended;
    alarm due([&] { release.open(); });
    job hog([&] {
      sched.arm(due, sched.now() + nanos_per_ms);
      release.spin();
      ended.open();
    });
    alarm begin([&] { sched.post(hog); });  // fires on the thread that is in the reactor
    sched.arm(begin, sched.now() + nanos_per_ms);
    ended.wait();
  }
}

TEST_P(with_standby, arming_over_and_over_loses_nothing) {
  scheduler sched(with_workers(GetParam(), 1));
  constexpr std::uint32_t rounds = 3000;
  gate done;
  job item([&] { done.add(); });
  for (std::uint32_t i = 0; i < rounds; ++i) {
    sched.arm_standby();
    sched.post(item);
    if (i % 3 == 0) sched.disarm_standby();
    done.wait(i + 1);
    if (i % 3 != 0) sched.disarm_standby();
  }
}

TEST(watch_bed, a_wake_that_comes_before_the_wait_does_not_cost_the_tick) {
  watch_bed bed;
  const std::atomic<std::uint32_t> word{0};
  bed.wake(word);
  bed.tick_in(nanos_per_ms);
  bed.wait(word, 0, never);
  EXPECT_FALSE(bed.has_ticked());
  bed.wait(word, 0, never);
  EXPECT_TRUE(bed.take_tick());
}

INSTANTIATE_TEST_SUITE_P(workers, with_standby, testing::Values(1u, 2u));

}  // namespace
}  // namespace hocket::rt::test
