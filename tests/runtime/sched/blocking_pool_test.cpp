// Threads for calls that block: grown on demand, bounded, gone when idle.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <hocket/rt/sched/blocking_pool.hpp>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

struct fixture {
  scheduler sched{with_workers(1)};
  gate begun, release, ended;
  std::vector<std::unique_ptr<job>> jobs;

  void submit_blocked(blocking_pool& pool, int n) {
    for (int i = 0; i < n; ++i) {
      jobs.push_back(std::make_unique<job>([this] {
        begun.add();
        release.wait();
        ended.add();
      }));
      pool.submit(*jobs.back());
    }
  }
};

TEST(blocking, grows_to_its_limit_and_not_beyond) {
  fixture f;
  blocking_pool pool(f.sched, 3);
  EXPECT_EQ(pool.figures().threads, 0u);
  f.submit_blocked(pool, 5);
  f.begun.wait(3);
  EXPECT_EQ(pool.figures().threads, 3u);
  EXPECT_EQ(pool.figures().queued, 2u);
  EXPECT_EQ(f.begun.count(), 3u);
  f.release.open();
  f.ended.wait(5);
  EXPECT_EQ(pool.figures().threads, 3u);
}

TEST(blocking, a_free_thread_is_used_again) {
  fixture f;
  blocking_pool pool(f.sched, 8);
  std::vector<std::thread::id> ids;
  for (int i = 0; i < 20; ++i) {
    gate done;
    job one([&] {
      ids.push_back(std::this_thread::get_id());
      done.open();
    });
    pool.submit(one);
    done.wait();
    while (pool.figures().idle == 0) std::this_thread::yield();
  }
  EXPECT_EQ(pool.figures().threads, 1u);
  for (const auto& id : ids) EXPECT_EQ(id, ids.front());
}

TEST(blocking, jobs_start_in_the_order_they_came) {
  fixture f;
  blocking_pool pool(f.sched, 1);
  f.submit_blocked(pool, 1);
  std::vector<int> order;
  gate done;
  std::vector<std::unique_ptr<job>> jobs;
  for (int i = 0; i < 100; ++i) {
    jobs.push_back(std::make_unique<job>([&, i] {
      order.push_back(i);
      done.add();
    }));
    pool.submit(*jobs.back());
  }
  f.release.open();
  done.wait(100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(blocking, an_idle_thread_leaves_and_the_next_job_gets_a_new_one) {
  fixture f;
  blocking_pool pool(f.sched, 2, 5 * nanos_per_ms);
  for (int i = 0; i < 3; ++i) {
    gate done;
    job one([&] { done.open(); });
    pool.submit(one);
    done.wait();
    while (pool.figures().threads > 0) std::this_thread::yield();
  }
}

TEST(blocking, shutdown_waits_for_every_job) {
  fixture f;
  std::atomic<int> ran{0};
  std::vector<std::unique_ptr<job>> jobs;
  {
    blocking_pool pool(f.sched, 2);
    for (int i = 0; i < 50; ++i) {
      jobs.push_back(std::make_unique<job>([&] {
        std::this_thread::yield();
        ++ran;
      }));
      pool.submit(*jobs.back());
    }
  }
  EXPECT_EQ(ran.load(), 50);
}

TEST(blocking, submitted_by_many_threads_each_job_runs_once) {
  fixture f;
  constexpr int threads = 4, each = 500;
  std::atomic<int> ran{0};
  std::vector<std::unique_ptr<job>> jobs;
  for (int i = 0; i < threads * each; ++i) jobs.push_back(std::make_unique<job>([&] { ++ran; }));
  {
    blocking_pool pool(f.sched, 3, nanos_per_ms);  // threads come and go meanwhile
    std::vector<std::thread> submitters;
    for (int t = 0; t < threads; ++t) {
      submitters.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) pool.submit(*jobs[static_cast<std::size_t>(t * each + i)]);
      });
    }
    for (auto& s : submitters) s.join();
  }
  EXPECT_EQ(ran.load(), threads * each);
}

}  // namespace
}  // namespace hocket::rt::test
