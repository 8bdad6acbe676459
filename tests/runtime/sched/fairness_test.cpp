// No source of work keeps another one waiting.
#include <gtest/gtest.h>

#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>
#include <memory>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

// Two runnables that put each other into the next slot until `stop` opens.
class ping_pong {
 public:
  ping_pong(scheduler& sched, gate& stop) {
    for (int i = 0; i < 2; ++i) {
      players_[i] = std::make_unique<job>([this, i, &sched, &stop] {
        if (stop.count() > 0) {
          ended_.open();
        } else {
          sched.post_next(*players_[1 - i]);
        }
      });
    }
    sched.post(*players_[0]);
  }
  ~ping_pong() { ended_.wait(); }

 private:
  std::unique_ptr<job> players_[2];
  gate ended_;
};

TEST(fairness, two_that_wake_each_other_do_not_keep_a_timer_waiting) {
  scheduler sched(with_workers(1));
  gate stop;
  alarm due([&] { stop.open(); });
  sched.arm(due, sched.now() + nanos_per_ms);
  const ping_pong players(sched, stop);
}

TEST(fairness, two_that_wake_each_other_do_not_keep_posted_work_waiting) {
  scheduler sched(with_workers(1));
  gate stop;
  job posted([&] { stop.open(); });
  const ping_pong players(sched, stop);
  sched.post(posted);
}

TEST(fairness, two_that_wake_each_other_do_not_keep_forks_waiting) {
  scheduler sched(with_workers(1));
  gate stop;
  job fork([&] { stop.open(); });
  job forker([&] { sched.post_fork(fork); });
  const ping_pong players(sched, stop);
  sched.post(forker);
}

// The second hog's ready queue: the standby already stands in the reactor because of the first.
TEST(fairness, what_a_second_hog_leaves_behind_goes_to_a_standby_that_already_stands) {
  for (int round = 0; round < 20; ++round) {
    scheduler sched(with_workers(2, 1));
    gate release, first_hogs, nobody_stands, ended;
    job left_behind([&] { release.open(); });
    job second([&] {
      first_hogs.wait();
      while (sched.counters().standby.polls == 0 && nobody_stands.count() == 0) spin_pause();  // until it stands
      sched.post(left_behind);
      {
        const hog_scope hog(sched);
        release.spin();
      }
      ended.add();
    });
    job first([&] {
      // On a busy machine the watch may have called the standby before a worker came: then it hogs itself.
      if (this_thread().self->is_standby()) nobody_stands.open();
      {
        const hog_scope hog(sched);
        first_hogs.open();
        release.spin();
      }
      ended.add();
    });
    sched.post(second);
    sched.post(first);
    ended.wait(2);
  }
}

// The worker that looked after the reactor hogs; another one sleeps, and takes over.
TEST(fairness, a_sleeper_takes_over_the_reactor_from_a_hog_without_a_standby) {
  for (int round = 0; round < 20; ++round) {
    scheduler sched(with_workers(2, 0));
    gate release, ended;
    alarm due([&] { release.open(); });
    job hog([&] {
      {
        const hog_scope scope(sched);
        sched.arm(due, sched.now() + nanos_per_ms);
        release.spin();
      }
      ended.open();
    });
    alarm begin([&] { sched.post(hog); });  // fires on the thread that is in the reactor
    sched.arm(begin, sched.now() + nanos_per_ms);
    ended.wait();
  }
}

}  // namespace
}  // namespace hocket::rt::test
