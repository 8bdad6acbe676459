// The memory of frames: blocks do not overlap, come home from any thread, and are used again, also by others.
#include <hocket/rt/coro/frame_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include <hocket/rt/base/sanitizers.hpp>

#include "../sched/probe.hpp"

namespace hocket::rt::test {
namespace {

constexpr bool frames_on_heap = HOCKET_ASAN;

struct held {
  unsigned char* at;
  std::size_t size;
  unsigned char mark;
};

held take(std::size_t size, unsigned char mark) {
  auto* const at = static_cast<unsigned char*>(allocate_frame(size));
  std::memset(at, mark, size);
  return {at, size, mark};
}

bool is_whole(const held& h) {
  for (std::size_t i = 0; i < h.size; ++i) {
    if (h.at[i] != h.mark) return false;
  }
  return true;
}

// Sizes on both sides of every border: of a class, of the largest one, of a slab.
std::vector<held> take_many() {
  std::vector<held> all;
  unsigned char mark = 0;
  for (int round = 0; round < 20; ++round) {
    for (const std::size_t size :
         {1u, 15u, 16u, 17u, 100u, 256u, 257u, 320u, 321u, 1000u, 2047u, 2048u, 2049u, 5000u, 70000u}) {
      all.push_back(take(size, ++mark));
    }
  }
  return all;
}

void give_all(const std::vector<held>& all) {
  for (const held& h : all) free_frame(h.at, h.size);
}

/// Runs `f` on the one worker of a scheduler, and waits for its end.
void on_worker(scheduler& sched, std::function<void()> f) {
  gate done;
  job j([&] {
    f();
    done.open();
  });
  sched.post(j);
  done.wait();
}

TEST(frame_pool, blocks_are_aligned_and_do_not_overlap) {
  const auto check = [] {
    const auto all = take_many();
    for (const held& h : all) {
      EXPECT_TRUE(is_whole(h)) << h.size;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(h.at) % alignof(std::max_align_t), 0u) << h.size;
    }
    give_all(all);
  };
  check();  // a thread that is no worker
  scheduler sched(with_workers(1));
  on_worker(sched, check);
}

TEST(frame_pool, a_freed_block_is_the_next_of_its_size) {
  if (frames_on_heap) GTEST_SKIP() << "under AddressSanitizer frames come from the heap, which keeps freed ones back";
  scheduler sched(with_workers(1));
  on_worker(sched, [] {
    void* const first = allocate_frame(200);
    free_frame(first, 200);
    void* const second = allocate_frame(195);
    EXPECT_EQ(first, second);
    free_frame(second, 195);
  });
}

TEST(frame_pool, blocks_freed_elsewhere_come_home_instead_of_new_memory) {
  scheduler sched(with_workers(1));
  std::vector<held> all;
  std::size_t taken = 0;
  constexpr int rounds = 200;  // together far more than a slab
  for (int i = 0; i < rounds; ++i) {
    on_worker(sched, [&] { all = take_many(); });
    for (const held& h : all) EXPECT_TRUE(is_whole(h));
    give_all(all);  // from this thread, which is no worker
    if (i == 0) taken = frame_pool_bytes();
  }
  EXPECT_LE(frame_pool_bytes(), 2 * taken);  // of what it found with others some is not there again at once
}

/// The same, and waits until the worker sleeps again.
void on_worker_that_sleeps_then(scheduler& sched, std::function<void()> f) {
  const auto parks = [&] { return sched.counters().total().parks; };
  std::uint64_t before = 0;
  on_worker(sched, [&] {
    before = parks();
    f();
  });
  while (parks() == before) std::this_thread::yield();
}

// Far more than a pool keeps for itself.
std::vector<held> take_much() {
  std::vector<held> all;
  for (unsigned i = 0; i < 40'000; ++i) all.push_back(take(100, static_cast<unsigned char>(i)));
  return all;
}

TEST(frame_pool, what_a_sleeping_worker_has_free_is_there_for_who_runs_dry) {
  if (frames_on_heap) GTEST_SKIP() << "under AddressSanitizer frames come from the heap";
  scheduler one(with_workers(1)), other(with_workers(1));
  on_worker_that_sleeps_then(one, [] { give_all(take_much()); });
  const std::size_t taken = frame_pool_bytes();
  for (int round = 0; round < 5; ++round) {
    std::vector<held> all;
    on_worker(other, [&] { all = take_much(); });
    for (const held& h : all) EXPECT_TRUE(is_whole(h));
    on_worker_that_sleeps_then(one, [&] { give_all(all); });  // at home
  }
  EXPECT_LE(frame_pool_bytes(), taken + taken / 10);
}

TEST(frame_pool, a_worker_that_never_sleeps_is_asked) {
  if (frames_on_heap) GTEST_SKIP() << "under AddressSanitizer frames come from the heap";
  scheduler busy(with_workers(1)), other(with_workers(1));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> steps{0};
  gate ended;
  job again([&] {
    ++steps;
    if (stop) return ended.open();
    busy.post(again);
  });
  job begin([&] {
    give_all(take_much());
    busy.post(again);
  });
  busy.post(begin);
  while (steps == 0) std::this_thread::yield();
  const std::size_t taken = frame_pool_bytes();
  std::vector<held> all;
  on_worker(other, [&] {
    for (unsigned i = 0; i < 2000; ++i) all.push_back(take(100, static_cast<unsigned char>(i)));  // runs dry, and asks
  });
  const std::uint64_t asked_at = steps;
  while (steps < asked_at + 200) std::this_thread::yield();
  std::vector<held> many;
  on_worker(other, [&] { many = take_much(); });
  for (const held& h : all) EXPECT_TRUE(is_whole(h));
  for (const held& h : many) EXPECT_TRUE(is_whole(h));
  EXPECT_LE(frame_pool_bytes(), taken + taken / 10);
  give_all(all);
  give_all(many);
  stop = true;
  ended.wait();
}

TEST(frame_pool, many_threads_take_and_give_each_others_blocks) {
  constexpr int threads = 4, rounds = 50;
  std::vector<std::vector<held>> hands(threads);
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::thread> team;
    for (int i = 0; i < threads; ++i) {
      team.emplace_back([&, i] {
        give_all(hands[static_cast<std::size_t>((i + 1) % threads)]);  // taken by another one, a round ago
      });
    }
    for (auto& t : team) t.join();
    team.clear();
    for (int i = 0; i < threads; ++i) {
      team.emplace_back([&, i] { hands[static_cast<std::size_t>(i)] = take_many(); });
    }
    for (auto& t : team) t.join();
    for (const auto& hand : hands) {
      for (const held& h : hand) ASSERT_TRUE(is_whole(h));
    }
  }
  for (const auto& hand : hands) give_all(hand);
}

}  // namespace
}  // namespace hocket::rt::test
