// When what the standby serves hogs itself, somebody else stands in the reactor.
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/sched/hog_book.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

scheduler_options with_followers(unsigned workers, int followers) {
  scheduler_options o = with_workers(workers, 1);
  o.learns = 1;
  o.followers = followers;
  return o;
}

/// A function that hogged not long ago, and is light mostly.
void make_suspect(std::uint16_t number) {
  for (int i = 0; i < 300; ++i) hog_book::record(number).note(run_length::brief);
  hog_book::record(number).note(run_length::hog);
  EXPECT_EQ(hog_book::record(number).now(), standing::suspect);
}

std::uint16_t a_suspect(const std::source_location& where = std::source_location::current()) {
  const auto number = hog_book::id_of(where);
  make_suspect(number);
  return number;
}

/// Reads its eventfd and posts an item, which runs as a task of function `number`.
class request final : public io_op {
 public:
  request(scheduler& sched, std::uint16_t number, std::function<void()> handler)
      : sched_(sched), item_([this, number, handler = std::move(handler)] {
          worker& self = *this_thread().self;
          EXPECT_TRUE(self.meter().begin(this, number, {}, true));
          handler();
          self.meter().end();
        }) {
    descriptor_ = sched_.io().attach(event_.get());
    while (!sched_.io().submit(descriptor_, io_direction::read, *this)) {
    }
  }
  ~request() { (void)sched_.io().detach(descriptor_); }

  void send() {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(event_.get(), &one, sizeof one), 8);
  }

 private:
  void run() noexcept override { sched_.post(item_); }

  scheduler& sched_;
  unique_fd event_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  descriptor descriptor_;
  job item_;
};

class with_followers_of : public testing::TestWithParam<unsigned> {};

// Each request holds its thread until all have begun: so many threads must have stood in the reactor, one after
// another.
TEST_P(with_followers_of, as_many_requests_hog_at_once_as_there_are_threads) {
  const unsigned workers = GetParam();
  constexpr int followers = 3;
  const unsigned most = workers + 1 + followers;
  const auto number = a_suspect();
  scheduler sched(with_followers(workers, followers));
  for (int round = 0; round < 3; ++round) {
    make_suspect(number);  // the round before may have looked like hogs
    gate begun, ended;
    std::vector<std::unique_ptr<request>> requests;
    for (unsigned i = 0; i < most; ++i) {
      requests.push_back(std::make_unique<request>(sched, number, [&] {
        begun.add();
        begun.spin(most);
        ended.add();
      }));
    }
    for (auto& r : requests) {
      const auto before = begun.count();
      r->send();
      begun.wait(before + 1);
    }
    ended.wait(most);
  }
  EXPECT_EQ(sched.counters().followers, static_cast<unsigned>(followers));
}

TEST_P(with_followers_of, an_event_behind_a_hog_in_the_standby_is_served) {
  const unsigned workers = GetParam();
  const auto number = a_suspect();
  scheduler sched(with_followers(workers, 1));
  for (int round = 0; round < 3; ++round) {
    make_suspect(number);
    gate release, hogging, ended;
    std::vector<std::unique_ptr<request>> hogs;
    for (unsigned i = 0; i < workers + 1; ++i) {
      hogs.push_back(std::make_unique<request>(sched, number, [&] {
        hogging.add();
        release.spin();
        ended.add();
      }));
    }
    request last(sched, number, [&] {
      release.open();
      ended.add();
    });
    for (unsigned i = 0; i < workers + 1; ++i) {
      hogs[i]->send();
      hogging.wait(i + 1);
    }
    last.send();
    ended.wait(workers + 2);
  }
}

// Nothing is known of it, so nobody suspects it; but the standby is alone.
TEST_P(with_followers_of, somebody_stands_while_the_standby_runs_a_function_for_the_first_time) {
  const auto with_one = hog_book::id_of(std::source_location::current());
  const auto with_two = hog_book::id_of(std::source_location::current());
  const auto fresh = GetParam() == 1 ? with_one : with_two;
  if (!hog_book::record(fresh).history().is_unknown()) GTEST_SKIP() << "the process has run it before";
  const auto light = hog_book::id_of(std::source_location::current());
  for (int i = 0; i < 64; ++i) hog_book::record(light).note(run_length::brief);
  scheduler sched(with_followers(GetParam(), 1));
  gate release, hogging, ended;
  const all_workers_hog others(sched, release);
  request hog(sched, fresh, [&] {
    hogging.add();
    release.spin();
    ended.add();
  });
  hog.send();
  hogging.wait(1);
  request last(sched, light, [&] {
    release.open();
    ended.add();
  });
  last.send();
  ended.wait(2);
}

TEST_P(with_followers_of, a_scheduler_whose_functions_are_short_starts_none) {
  scheduler sched(with_followers(GetParam(), 4));
  const auto number = hog_book::id_of(std::source_location::current());
  for (int i = 0; i < 64; ++i) hog_book::record(number).note(run_length::brief);
  gate done;
  for (int i = 0; i < 100; ++i) {
    request r(sched, number, [&] { done.add(); });
    r.send();
    done.wait(static_cast<std::uint32_t>(i) + 1);
  }
  EXPECT_EQ(sched.counters().followers, 0u);
}

TEST_P(with_followers_of, a_convict_is_not_run_but_sent_to_the_bulk_queue_once) {
  scheduler sched(with_followers(GetParam(), 1));
  const auto number = hog_book::id_of(std::source_location::current());
  hog_book::record(number).note(run_length::hog);
  hog_book::record(number).note(run_length::hog);
  (void)hog_book::record(number).take_hint();
  gate done;
  job item([&] {
    worker& self = *this_thread().self;
    EXPECT_FALSE(self.meter().begin(&item, number, {}, true));
    EXPECT_TRUE(self.meter().begin(&item, number, {}, false));
    self.meter().end();
    done.open();
  });
  sched.post_bulk(item);
  done.wait();
}

TEST_P(with_followers_of, a_task_that_hogs_by_habit_is_sent_there_and_its_function_keeps_its_name) {
  scheduler sched(with_followers(GetParam(), 1));
  const auto number = hog_book::id_of(std::source_location::current());
  for (int i = 0; i < 500; ++i) hog_book::record(number).note(run_length::brief);
  gate done;
  job item([&] {
    run_meter& meter = this_thread().self->meter();
    const run_habit bad(2), good;
    EXPECT_FALSE(meter.begin(&item, number, bad, true));
    EXPECT_TRUE(meter.begin(&item, number, bad, false));
    EXPECT_TRUE(meter.may_change_habit_of(&item));
    EXPECT_FALSE(meter.may_change_habit_of(&done)) << "who runs within its run";
    const nanos from = clock_now(CLOCK_THREAD_CPUTIME_ID);
    while (clock_now(CLOCK_THREAD_CPUTIME_ID) < from + hog_time) spin_pause();
    EXPECT_EQ(meter.habit_now().count(), 3);
    meter.note_stuck(meter.running());
    meter.end();
    EXPECT_EQ(hog_book::record(number).now(), standing::clean);

    EXPECT_TRUE(meter.begin(&item, number, good, true));
    EXPECT_FALSE(meter.may_change_habit_of(&item)) << "not measured";
    meter.end();
    done.open();
  });
  sched.post_bulk(item);
  done.wait();
}

// Every worker is in a hog that ends when bulk work has run, a convict's perhaps: nobody else would come to it.
TEST_P(with_followers_of, bulk_work_is_not_left_behind_hogs_that_do_not_end) {
  const unsigned workers = GetParam();
  for (const bool is_declared : {false, true}) {
    scheduler sched(with_followers(workers, 1));
    gate hogging, release, ended;
    std::vector<std::unique_ptr<job>> hogs;
    for (unsigned i = 0; i < workers; ++i) {
      hogs.push_back(std::make_unique<job>([&] {
        std::optional<hog_scope> scope;
        if (is_declared) scope.emplace(sched);
        hogging.add();
        release.spin(3);
        ended.add();
      }));
      sched.post(*hogs.back());
      hogging.wait(i + 1);
    }
    job one([&] { release.add(); }), two([&] { release.add(); }), three([&] { release.add(); });
    for (job* j : {&one, &two, &three}) sched.post_bulk(*j);
    ended.wait(workers);
  }
}

TEST(followers, end_with_the_scheduler_wherever_they_are) {
  const auto number = a_suspect();
  for (int round = 0; round < 3; ++round) {
    scheduler sched(with_followers(1, 2));
    make_suspect(number);  // the round before may have looked like hogs
    gate begun, ended;
    std::vector<std::unique_ptr<request>> requests;
    for (unsigned i = 0; i < 3; ++i) {
      requests.push_back(std::make_unique<request>(sched, number, [&] {
        begun.add();
        begun.spin(3);
        ended.add();
      }));
    }
    for (unsigned i = 0; i < 3; ++i) {
      requests[i]->send();
      begun.wait(i + 1);
    }
    ended.wait(3);
  }
}

INSTANTIATE_TEST_SUITE_P(workers, with_followers_of, testing::Values(1u, 2u));

}  // namespace
}  // namespace hocket::rt::test
