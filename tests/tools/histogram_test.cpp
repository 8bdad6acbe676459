#include "hocket/histogram.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

using hocket::tools::histogram;

namespace {

// What percentile() promises, computed from the sorted values themselves.
std::int64_t exact_percentile(const std::vector<std::int64_t>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

void expect_close(std::int64_t got, std::int64_t exact) {
  EXPECT_NEAR(static_cast<double>(got), static_cast<double>(exact), static_cast<double>(exact) / 256.0 + 0.5);
}

}  // namespace

TEST(histogram, empty_one_answers_zero) {
  const histogram h;
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.percentile(50), 0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_EQ(h.mean(), 0.0);
}

TEST(histogram, values_below_256_are_exact) {
  for (std::int64_t v = 0; v < 256; ++v) {
    histogram h;
    h.record(v);
    h.record(v);
    h.record(1'000'000);
    EXPECT_EQ(h.percentile(50), v);
  }
}

TEST(histogram, each_value_comes_back_within_its_half_bucket) {
  for (std::int64_t v = 1; v < histogram::highest; v = v + v / 97 + 1) {
    histogram h;
    h.record(v);
    h.record(histogram::highest);  // so that the clamp to max() does not hide the bucket's own answer
    h.record(0);
    expect_close(h.percentile(60), v);
  }
}

TEST(histogram, bucket_edges_do_not_overlap) {
  for (int shift = 8; shift < 42; ++shift) {
    const std::int64_t edge = std::int64_t{1} << shift;
    if (edge >= histogram::highest) break;
    histogram h;
    h.record(edge - 1);
    h.record(edge);
    h.record(edge + 1);
    h.record(histogram::highest);
    h.record(0);
    expect_close(h.percentile(40), edge - 1);
    EXPECT_LE(h.percentile(40), h.percentile(60));
    EXPECT_LE(h.percentile(60), h.percentile(80));
  }
}

TEST(histogram, percentiles_agree_with_sorting) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(12.0, 2.0);
  histogram h;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(latency(random)), 0, histogram::highest));
    h.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double p : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99})
    expect_close(h.percentile(p), exact_percentile(values, p));
  EXPECT_EQ(h.percentile(0), values.front());
  EXPECT_EQ(h.percentile(100), values.back());
  EXPECT_EQ(h.min(), values.front());
  EXPECT_EQ(h.max(), values.back());
}

TEST(histogram, merging_equals_recording_everything_in_one) {
  std::mt19937_64 random(7);
  histogram all, parts[3];
  for (int i = 0; i < 3000; ++i) {
    const auto v = static_cast<std::int64_t>(random() % 50'000'000);
    all.record(v);
    parts[i % 3].record(v);
  }
  histogram merged;
  for (const histogram& part : parts) merged.merge(part);
  merged.merge(histogram());
  EXPECT_EQ(merged.count(), all.count());
  EXPECT_EQ(merged.min(), all.min());
  EXPECT_EQ(merged.max(), all.max());
  EXPECT_DOUBLE_EQ(merged.mean(), all.mean());
  for (double p = 0; p <= 100; p += 0.5) EXPECT_EQ(merged.percentile(p), all.percentile(p)) << p;
}

TEST(histogram, out_of_range_values_are_held_at_the_ends) {
  histogram h;
  h.record(-5);
  h.record(histogram::highest + 1);
  h.record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), histogram::highest);
  EXPECT_EQ(h.count(), 3u);
}

TEST(histogram, a_copy_is_independent) {
  histogram a;
  a.record(10);
  histogram b = a;
  b.record(20);
  EXPECT_EQ(a.count(), 1u);
  EXPECT_EQ(b.count(), 2u);
}
