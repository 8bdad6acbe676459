// Lending: idle workers do a borrower's work, and come back when there is work for them.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/borrower.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

#include "probe.hpp"
#include "support/eventually.hpp"

namespace hocket::rt {
namespace {

using support::eventually;
using test::job;

/// Keeps whom it is lent until they are recalled.
class keeper final : public borrower {
 public:
  explicit keeper(unsigned workers) : called_(workers), ended_(workers) {}

  void help(unsigned index) noexcept override {
    ++inside;
    // A recall may have come before this began: then it is a count ahead.
    while (called_[index].load() == ended_[index].load()) futex_wait(called_[index], ended_[index].load(), never);
    ++ended_[index];
    --inside;
  }

  void recall(unsigned index) noexcept override {
    ++called_[index];
    futex_wake(called_[index], 1);
  }

  std::atomic<unsigned> inside{0};

 private:
  std::vector<std::atomic<std::uint32_t>> called_, ended_;  // by worker
};

std::unique_ptr<borrower> make_keeper(scheduler& sched) { return std::make_unique<keeper>(sched.workers()); }

struct lending_test : testing::TestWithParam<unsigned> {};

// One worker is busy and borrows; the others are lent, and each piece of bulk work brings one back.
TEST_P(lending_test, every_idle_worker_is_lent_and_comes_back_for_work) {
  const unsigned workers = GetParam();
  scheduler sched(test::with_workers(workers, 1));
  auto& kept = static_cast<keeper&>(sched.borrower_made_by(&make_keeper));
  std::atomic<bool> done{false}, ended{false};
  std::atomic<unsigned> ran{0};
  job busy([&] {
    const hog_scope hog(sched);
    sched.borrow_workers();
    while (!done) std::this_thread::yield();
    sched.borrow_no_more();
    ended = true;
  });
  sched.post_bulk(busy);
  EXPECT_TRUE(eventually([&] { return kept.inside.load() == workers - 1; })) << kept.inside;

  std::vector<std::unique_ptr<job>> jobs;
  for (unsigned i = 0; i < 100; ++i)
    jobs.push_back(std::make_unique<job>([&] {
      EXPECT_FALSE(this_thread().self->is_standby());
      ++ran;
    }));
  for (auto& j : jobs) sched.post_bulk(*j);
  EXPECT_TRUE(eventually([&] { return ran.load() == 100; }));
  EXPECT_TRUE(eventually([&] { return kept.inside.load() == workers - 1; })) << "lent again";
  done = true;
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

// Each takes its job and stays in it, so every job needs a worker of its own.
TEST_P(lending_test, as_many_come_back_as_there_is_work_for) {
  const unsigned workers = GetParam();
  scheduler sched(test::with_workers(workers, 1));
  auto& kept = static_cast<keeper&>(sched.borrower_made_by(&make_keeper));
  std::atomic<bool> done{false};
  std::atomic<unsigned> busy_now{0};
  job borrows([&] {
    const hog_scope hog(sched);
    sched.borrow_workers();
    while (!done) std::this_thread::yield();
    sched.borrow_no_more();
    --busy_now;
  });
  ++busy_now;
  sched.post_bulk(borrows);
  EXPECT_TRUE(eventually([&] { return kept.inside.load() == workers - 1; }));
  std::vector<std::unique_ptr<job>> jobs;
  for (unsigned i = 1; i < workers; ++i)
    jobs.push_back(std::make_unique<job>([&] {
      ++busy_now;
      while (!done) std::this_thread::yield();
      --busy_now;
    }));
  for (auto& j : jobs) sched.post(*j);
  EXPECT_TRUE(eventually([&] { return busy_now.load() == workers; })) << busy_now;
  done = true;
  EXPECT_TRUE(eventually([&] { return busy_now.load() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(workers, lending_test, testing::Values(2u, 3u, 4u));

TEST(lending, without_a_standby_one_worker_stays_in_the_reactor) {
  scheduler sched(test::with_workers(3));
  auto& kept = static_cast<keeper&>(sched.borrower_made_by(&make_keeper));
  std::atomic<bool> done{false}, ended{false};
  job busy([&] {
    const hog_scope hog(sched);
    sched.borrow_workers();
    EXPECT_TRUE(eventually([&] { return kept.inside.load() == 1; }));
    while (!done) std::this_thread::yield();
    sched.borrow_no_more();
    ended = true;
  });
  sched.post_bulk(busy);
  EXPECT_TRUE(eventually([&] { return kept.inside.load() == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(kept.inside.load(), 1u);
  done = true;
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

}  // namespace
}  // namespace hocket::rt
