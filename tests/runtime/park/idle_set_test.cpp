// The idle set: who is woken, who is not, and a small pool that sleeps and wakes by its rules.
#include <hocket/rt/park/idle_set.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/rt/park/parker.hpp>
#include <hocket/rt/queue/injection_queue.hpp>

namespace hocket::rt {
namespace {

TEST(idle_set, wakes_nobody_while_all_are_awake) {
  idle_set<> idle(2);
  EXPECT_EQ(idle.worker_to_wake(), -1);
  EXPECT_EQ(idle.sleeping(), 0u);
}

TEST(idle_set, wakes_the_youngest_sleeper_and_counts_it_as_searching) {
  idle_set<> idle(3);
  EXPECT_TRUE(idle.park(0, false));
  EXPECT_TRUE(idle.park(2, false));
  EXPECT_EQ(idle.sleeping(), 2u);
  EXPECT_EQ(idle.worker_to_wake(), 2);
  EXPECT_EQ(idle.searching(), 1u);
  EXPECT_EQ(idle.worker_to_wake(), -1) << "somebody searches already";
  EXPECT_FALSE(idle.unpark_self(2)) << "the waker took it out";
  EXPECT_TRUE(idle.end_search()) << "the last searcher wakes the next";
  EXPECT_EQ(idle.worker_to_wake(), 0);
}

TEST(idle_set, calls_a_lent_sleeper_last_and_does_not_count_it_as_searching) {
  idle_set<> idle(3);
  idle.park(0, false);
  idle.park(1, false);
  EXPECT_TRUE(idle.lend(1));
  EXPECT_EQ(idle.sleeping(), 2u) << "who is lent sleeps, for all who have work for it";
  EXPECT_EQ(idle.worker_to_wake(), 0) << "younger, but lent";
  idle.end_search();
  EXPECT_EQ(idle.worker_to_wake(), 1);
  EXPECT_EQ(idle.searching(), 0u) << "it comes when its work for the borrower ends";
  EXPECT_FALSE(idle.lend(1)) << "it was taken out";
}

TEST(idle_set, lends_out_only_who_is_not_lent_already) {
  idle_set<> idle(2);
  EXPECT_EQ(idle.worker_to_lend(), -1) << "all are awake";
  idle.park(0, false);
  idle.park(1, false);
  EXPECT_TRUE(idle.lend(1));
  EXPECT_EQ(idle.worker_to_lend(), 0);
  EXPECT_EQ(idle.worker_to_lend(), -1);
}

TEST(idle_set, lets_half_of_the_workers_search) {
  idle_set<> idle(4);
  EXPECT_TRUE(idle.try_begin_search());
  EXPECT_TRUE(idle.try_begin_search());
  EXPECT_FALSE(idle.try_begin_search());
  EXPECT_FALSE(idle.end_search());
  EXPECT_TRUE(idle.end_search());
  idle_set<> alone(1);
  EXPECT_TRUE(alone.try_begin_search()) << "a single worker may search, too";
}

TEST(idle_set, who_leaves_no_searcher_behind_looks_again) {
  idle_set<> idle(4);
  ASSERT_TRUE(idle.try_begin_search());
  ASSERT_TRUE(idle.try_begin_search());
  EXPECT_FALSE(idle.park(0, true)) << "another searches still";
  EXPECT_FALSE(idle.park(2, false)) << "another searches still";
  EXPECT_TRUE(idle.park(1, true)) << "the last searcher";
  EXPECT_TRUE(idle.park(3, false)) << "nobody searched at all";
}

TEST(idle_set, who_finds_something_after_all_leaves_the_sleepers_as_a_searcher) {
  idle_set<> idle(2);
  EXPECT_TRUE(idle.park(1, false));
  EXPECT_TRUE(idle.unpark_self(1, true));
  EXPECT_EQ(idle.searching(), 1u);
  EXPECT_EQ(idle.sleeping(), 0u);
  EXPECT_TRUE(idle.end_search());
  EXPECT_EQ(idle.worker_to_wake(), -1);
}

TEST(idle_set, going_to_sleep_twice_ends_the_process) {
  EXPECT_DEATH(
      {
        idle_set<> idle(2);
        idle.park(1, false);
        idle.park(1, false);
      },
      "hocket: park: worker 1 goes to sleep twice");
}

struct job final : runnable {
  explicit job(std::atomic<int>& counter) noexcept : ran(counter) {}
  void run() noexcept override { ran.fetch_add(1, relaxed); }
  std::atomic<int>& ran;
};

// Workers that live by the protocol of README.md, and a stranger who posts, now and then after a pause long enough for
// all to fall asleep. A lost wake leaves the last post undone.
TEST(idle_set, a_pool_that_sleeps_by_it_leaves_nothing_undone) {
  constexpr unsigned workers = 3;
  constexpr int posts = 3'000;
  idle_set<> idle(workers);
  parker beds[workers];
  injection_queue<> queue;
  std::atomic<bool> stop{false};
  std::atomic<int> ran{0};
  const auto wake_one = [&] {
    const int sleeper = idle.worker_to_wake();
    if (sleeper >= 0) (void)beds[sleeper].unpark();
  };
  const auto work = [&](unsigned self) {
    bool searching = false;
    while (!stop.load()) {
      if (!searching) searching = idle.try_begin_search();
      if (auto* r = queue.pop()) {
        if (std::exchange(searching, false) && idle.end_search()) wake_one();
        r->run();
        continue;
      }
      if (idle.park(self, std::exchange(searching, false)) && !queue.looks_empty()) {
        idle.unpark_self(self, true);
        searching = true;
        continue;
      }
      beds[self].park();
      searching = !idle.unpark_self(self);
    }
  };
  std::vector<std::thread> pool;
  for (unsigned i = 0; i < workers; ++i) pool.emplace_back(work, i);
  std::vector<std::unique_ptr<job>> jobs;
  for (int i = 0; i < posts; ++i) jobs.push_back(std::make_unique<job>(ran));
  for (int i = 0; i < posts; ++i) {
    queue.push(*jobs[static_cast<std::size_t>(i)]);
    wake_one();
    if (i % 16 == 0) {
      while (ran.load() <= i) std::this_thread::yield();
    }
  }
  while (ran.load() < posts) std::this_thread::yield();
  stop.store(true);
  for (auto& bed : beds) (void)bed.unpark();
  for (auto& t : pool) t.join();
  EXPECT_EQ(ran.load(), posts);
  EXPECT_TRUE(queue.looks_empty());
}

}  // namespace
}  // namespace hocket::rt
