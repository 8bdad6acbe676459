// When a task has gone on for long enough without waiting.
#include <hocket/rt/sched/op_budget.hpp>

#include <gtest/gtest.h>

#include <hocket/rt/base/env.hpp>
#include <hocket/rt/sched/options.hpp>

namespace hocket::rt::test {
namespace {

/// The first that is too many; 0 when none is.
int first_refused(op_budget& budget, int most = 100'000) {
  for (int i = 1; i <= most; ++i) {
    if (budget.spend()) return i;
  }
  return 0;
}

void compute_for(nanos time) {
  for (const nanos until = steady_now() + time; steady_now() < until;) {
  }
}

TEST(op_budget, is_spent_after_exactly_so_many_operations_where_they_alone_count) {
  for (const unsigned operations : {1u, 2u, 15u, 16u, 17u, 128u, 1000u}) {
    op_budget budget(operations, 0);
    for (int run = 0; run < 3; ++run) {
      budget.begin(true);
      EXPECT_EQ(first_refused(budget), static_cast<int>(operations) + 1);
    }
  }
}

TEST(op_budget, is_spent_after_so_many_short_operations_also_where_the_clock_is_looked_at) {
  for (const unsigned operations : {1u, 16u, 17u, 128u, 1000u}) {
    op_budget budget(operations, 100 * nanos_per_second);
    for (int run = 0; run < 3; ++run) {
      budget.begin(true);
      EXPECT_EQ(first_refused(budget), static_cast<int>(operations) + 1);
    }
  }
}

TEST(op_budget, stays_spent_until_the_next_run) {
  op_budget budget(3, 0);
  budget.begin(true);
  EXPECT_EQ(first_refused(budget), 4);
  EXPECT_TRUE(budget.is_spent());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(budget.spend());
  budget.begin(true);
  EXPECT_FALSE(budget.is_spent());
  EXPECT_FALSE(budget.spend());
}

TEST(op_budget, is_never_spent_where_it_does_not_apply) {
  op_budget budget(2, nanos_per_us);
  EXPECT_EQ(first_refused(budget), 0) << "before the first run";
  budget.begin(false);
  EXPECT_EQ(first_refused(budget), 0);
  budget.cut();
  EXPECT_EQ(first_refused(budget), 0) << "nor by the watch";
}

TEST(op_budget, is_never_spent_when_it_is_off) {
  op_budget budget(0, 0);
  budget.begin(true);
  budget.cut();
  EXPECT_EQ(first_refused(budget), 0);
}

TEST(op_budget, is_spent_when_the_slice_is_over_however_few_the_operations) {
  op_budget budget(0, nanos_per_ms);
  for (int run = 0; run < 3; ++run) {
    budget.begin(true);
    const nanos from = steady_now();
    int done = 0;
    while (!budget.spend()) {
      compute_for(100 * nanos_per_us);
      ++done;
    }
    EXPECT_GE(steady_now() - from, nanos_per_ms) << "never before";
    // The first long one brings the look back to each operation; how many fit into the slice is the machine's affair.
    EXPECT_LE(done, 16 + 32 + 10);
  }
}

TEST(op_budget, the_watch_ends_it_at_the_next_operation) {
  op_budget budget(1000, nanos_per_second);
  budget.begin(true);
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(budget.spend());
  budget.cut();
  EXPECT_TRUE(budget.spend());
  budget.begin(true);
  EXPECT_FALSE(budget.spend()) << "and the next run has its own";
}

TEST(op_budget, the_watch_has_no_say_where_only_operations_count) {
  op_budget budget(100, 0);
  budget.begin(true);
  budget.cut();
  EXPECT_EQ(first_refused(budget), 101);
}

TEST(op_budget, reads_no_clock_under_a_seed_or_the_virtual_clock) {
  const nanos asked = 50 * nanos_per_us;
  EXPECT_EQ(make_plan({.budget_slice = asked}).budget_slice, process_settings().virtual_clock ? 0 : asked);
  EXPECT_EQ(make_plan({.budget_slice = asked, .virtual_clock = true}).budget_slice, 0);
  EXPECT_EQ(make_plan({.budget_slice = asked, .seed = 1}).budget_slice, 0);
  EXPECT_EQ(make_plan({.seed = 1}).budget, process_settings().budget) << "operations count all the same";
}

TEST(op_budget, is_what_the_environment_says_where_nobody_asked) {
  EXPECT_EQ(make_plan({}).budget, process_settings().budget);
  EXPECT_EQ(make_plan({.budget = 0}).budget, 0u);
  EXPECT_EQ(make_plan({.budget = 7}).budget, 7u);
}

}  // namespace
}  // namespace hocket::rt::test
