// The explorer itself: it must find what is wrong, count what there is, and replay what it found.
#include "model_test.hpp"

namespace hocket::model {
namespace {

// Two threads of two steps each: C(4, 2) orders.
struct two_by_two : world {
  model_atomic<int> a{0}, b{0};
  unsigned threads() const override { return 2; }
  void thread(unsigned i) override {
    auto& mine = i == 0 ? a : b;
    mine.store(1);
    mine.store(2);
  }
};

TEST(explorer, counts_every_order_once) {
  const auto v = explore(make<two_by_two>, {.preemptions = 10});
  EXPECT_TRUE(v.holds && v.complete);
  // A thread's start is a choice, too: its first step is chosen among two threads that did not begin.
  EXPECT_GE(v.interleavings, 6u);
  const auto few = explore(make<two_by_two>, {.preemptions = 0});
  EXPECT_EQ(few.interleavings, 2u);
}

struct lost_update : world {
  model_atomic<int> n{0};
  unsigned threads() const override { return 2; }
  void thread(unsigned) override { n.store(n.load() + 1); }
  void at_end() override { MODEL_CHECK(n.peek() == 2); }
};

TEST(explorer, finds_a_lost_update_and_replays_it) {
  const auto v = explore(make<lost_update>, {.preemptions = 1});
  ASSERT_FALSE(v.holds);
  EXPECT_EQ(v.failure, "n.peek() == 2");
  EXPECT_FALSE(replay(make<lost_update>, v.path).holds);
  EXPECT_TRUE(explore(make<lost_update>, {.preemptions = 0}).holds);
}

TEST(explorer, random_orders_find_a_lost_update_by_any_seed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto v = sample(make<lost_update>, seed, 1000);
    ASSERT_FALSE(v.holds) << "seed " << seed;
    EXPECT_FALSE(replay(make<lost_update>, v.path).holds) << "seed " << seed;
    EXPECT_EQ(v.path, sample(make<lost_update>, seed, 1000).path) << "a seed gives one run";
  }
}

// Dekker's flags: each raises its own, then looks at the other's. With store buffers both may look before either shows.
template <std::memory_order Raise>
struct dekker : world {
  model_atomic<int> flag[2];
  bool alone[2] = {false, false};
  unsigned threads() const override { return 2; }
  void thread(unsigned i) override {
    flag[i].store(1, Raise);
    alone[i] = flag[1 - i].load() == 0;
  }
  void at_end() override { MODEL_CHECK(!(alone[0] && alone[1])); }
};

TEST(explorer, store_buffers_break_dekker_unless_the_store_is_seq_cst) {
  EXPECT_TRUE(explore(make<dekker<std::memory_order_release>>).holds) << "sequentially consistent";
  EXPECT_FALSE(explore(make<dekker<std::memory_order_release>>, {.delays = 1}).holds);
  EXPECT_TRUE(explore(make<dekker<std::memory_order_seq_cst>>, {.delays = 2}).holds);
}

struct embrace : world {
  model_mutex a, b;
  unsigned threads() const override { return 2; }
  void thread(unsigned i) override {
    (i == 0 ? a : b).lock();
    (i == 0 ? b : a).lock();
    (i == 0 ? b : a).unlock();
    (i == 0 ? a : b).unlock();
  }
};

TEST(explorer, finds_a_deadlock) {
  const auto v = explore(make<embrace>, {.preemptions = 1});
  ASSERT_FALSE(v.holds);
  EXPECT_NE(v.failure.find("deadlock"), std::string::npos);
}

struct spinner : world {
  model_atomic<int> never_set{0};
  unsigned threads() const override { return 1; }
  void thread(unsigned) override {
    while (never_set.load() == 0) yield();
  }
};

TEST(explorer, finds_a_livelock) { EXPECT_FALSE(explore(make<spinner>, {.steps = 100}).holds); }

}  // namespace
}  // namespace hocket::model
