// Every posted runnable runs exactly once, whoever posts it and by whichever door.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

struct counted final : runnable {
  explicit counted(gate& g) : all(g) {}
  void run() noexcept override {
    runs.fetch_add(1, relaxed);
    all.add();
  }
  gate& all;
  std::atomic<int> runs{0};
};

class exactly_once : public testing::TestWithParam<unsigned> {};

void expect_each_ran_once(const std::vector<std::unique_ptr<counted>>& items) {
  for (const auto& item : items) ASSERT_EQ(item->runs.load(), 1);
}

std::vector<std::unique_ptr<counted>> make_items(std::size_t n, gate& done) {
  std::vector<std::unique_ptr<counted>> items;
  for (std::size_t i = 0; i < n; ++i) items.push_back(std::make_unique<counted>(done));
  return items;
}

TEST_P(exactly_once, posted_by_foreign_threads) {
  constexpr std::size_t threads = 3, each = 3000;
  gate done;
  auto items = make_items(threads * each, done);
  scheduler sched(with_workers(GetParam()));
  std::vector<std::thread> posters;
  for (std::size_t t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (std::size_t i = 0; i < each; ++i) sched.post(*items[t * each + i]);
    });
  }
  for (auto& p : posters) p.join();
  done.wait(threads * each);
  expect_each_ran_once(items);
}

TEST_P(exactly_once, posted_by_a_worker_through_every_door) {
  constexpr std::size_t n = 5000;  // far more than a ready queue holds
  gate done;
  auto items = make_items(n, done);
  scheduler sched(with_workers(GetParam()));
  job poster([&] {
    runnable_list rest;
    for (std::size_t i = 0; i < n; ++i) {
      switch (i % 6) {
        case 0:
          sched.post(*items[i]);
          break;
        case 1:
          sched.post_next(*items[i]);
          break;
        case 2:
          sched.post_fork(*items[i]);
          break;
        case 3:
          sched.post_bulk(*items[i]);
          break;
        case 4:
          sched.post_again(*items[i]);
          break;
        case 5:
          rest.push_back(*items[i]);
          break;
      }
    }
    sched.post_all(std::move(rest));
  });
  sched.post(poster);
  done.wait(n);
  expect_each_ran_once(items);
}

TEST_P(exactly_once, a_tree_of_posts_from_workers) {
  struct node final : runnable {
    node(scheduler& s, gate& g, int d) : sched(s), done(g), depth(d) {}
    void run() noexcept override {
      if (depth > 0) {
        for (int i = 0; i < 2; ++i) sched.post(*new node(sched, done, depth - 1));
      }
      gate& all_done = done;
      delete this;
      all_done.add();
    }
    scheduler& sched;
    gate& done;
    int depth;
  };
  constexpr int depth = 12;
  gate done;
  scheduler sched(with_workers(GetParam()));
  sched.post(*new node(sched, done, depth));
  done.wait((2u << depth) - 1);
  EXPECT_EQ(done.count(), (2u << depth) - 1);
}

TEST_P(exactly_once, foreign_and_worker_play_ping_pong_without_a_lost_wake) {
  // Each ping finds the scheduler asleep or falling asleep: the hardest moment for a wake.
  constexpr int rounds = 20'000;  // times five instances
  scheduler sched(with_workers(GetParam()));
  std::atomic<std::uint32_t> pongs{0};
  job ping([&] {
    pongs.fetch_add(1, seq_cst);
    futex_wake(pongs, 1);
  });
  for (int i = 0; i < rounds; ++i) {
    sched.post(ping);
    const auto want = static_cast<std::uint32_t>(i + 1);
    for (auto seen = pongs.load(); seen < want; seen = pongs.load()) futex_wait(pongs, seen);
  }
  EXPECT_EQ(pongs.load(), static_cast<std::uint32_t>(rounds));
}

TEST_P(exactly_once, workers_pass_one_item_around_while_others_fall_asleep) {
  constexpr std::uint32_t rounds = 20'000;
  gate done;
  std::uint32_t left = rounds;
  scheduler sched(with_workers(GetParam()));
  job* self = nullptr;
  job hop([&] {
    if (--left > 0) sched.post(*self);
    done.add();  // last: the test may end here
  });
  self = &hop;
  sched.post(hop);
  done.wait(rounds);
}

INSTANTIATE_TEST_SUITE_P(workers, exactly_once, testing::Values(1u, 2u, 3u, 4u, 8u));

}  // namespace
}  // namespace hocket::rt::test
