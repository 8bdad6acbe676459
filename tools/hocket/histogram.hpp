// A histogram of durations: log-linear, of fixed size, mergeable, with a relative error below 0.4 %.
//
// A value below 256 ns has a bucket of its own; above, each power of two is cut into 128 equal buckets, and a bucket
// answers with its middle. So a percentile is off by at most half a bucket: 1/256 of the value. Recording is an index
// computation and an addition. Two histograms add up bucket by bucket, which is the only correct way to combine
// percentiles of several sources. One thread at a time. After: G. Tene, HdrHistogram.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>

namespace hocket::tools {

// Which bucket a value falls into, and the value that a bucket answers with.
struct log_linear {
  static constexpr unsigned sub_bits = 7;  // 128 buckets to a power of two
  static constexpr std::uint64_t linear_below = 1u << (sub_bits + 1);

  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < linear_below) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - (sub_bits + 1);
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
  }

  static constexpr std::int64_t middle_of(std::size_t index) noexcept {
    if (index < linear_below) return static_cast<std::int64_t>(index);
    const unsigned shift = static_cast<unsigned>(index >> sub_bits) - 1;
    const std::uint64_t low = (index - (static_cast<std::size_t>(shift) << sub_bits)) << shift;
    return static_cast<std::int64_t>(low + ((std::uint64_t{1} << shift) >> 1));
  }
};

class histogram {
 public:
  /// One hour, in nanoseconds. Longer durations are counted here.
  static constexpr std::int64_t highest = 3'600'000'000'000;

  /// Counts `nanoseconds`, held to 0 .. highest, `times` times. min() and max() stay exact within that range.
  void record(std::int64_t nanoseconds, std::uint64_t times = 1) noexcept {
    if (times == 0) return;
    const std::int64_t value = std::clamp<std::int64_t>(nanoseconds, 0, highest);
    counts_[log_linear::index_of(static_cast<std::uint64_t>(value))] += times;
    min_ = count_ ? std::min(min_, value) : value;
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value) * static_cast<double>(times);
    count_ += times;
  }

  void merge(const histogram& other) noexcept {
    if (other.count_ == 0) return;
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    min_ = count_ ? std::min(min_, other.min_) : other.min_;
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
    count_ += other.count_;
  }

  std::uint64_t count() const noexcept { return count_; }
  std::int64_t min() const noexcept { return min_; }
  std::int64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ ? sum_ / static_cast<double>(count_) : 0.0; }

  /// The smallest recorded value (in nanoseconds, to the bucket's precision) that at least `percent` per cent of all
  /// values do not exceed; 0 when nothing was recorded. 0 gives min(), 100 gives max().
  std::int64_t percentile(double percent) const noexcept {
    if (count_ == 0) return 0;
    if (percent <= 0) return min_;
    if (percent >= 100) return max_;
    const auto rank = static_cast<std::uint64_t>(std::ceil(percent / 100.0 * static_cast<double>(count_)));
    const std::uint64_t wanted = std::clamp<std::uint64_t>(rank, 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return std::clamp(log_linear::middle_of(i), min_, max_);
    }
    return max_;
  }

 private:
  static constexpr std::size_t buckets = log_linear::index_of(static_cast<std::uint64_t>(highest)) + 1;

  // About 37 KiB: on the heap, so that a histogram may stand on any stack.
  struct table {
    std::array<std::uint64_t, buckets> counts{};
  };
  class counts_owner {
   public:
    counts_owner() : table_(std::make_unique<table>()) {}
    counts_owner(const counts_owner& other) : table_(std::make_unique<table>(*other.table_)) {}
    counts_owner& operator=(const counts_owner& other) {
      *table_ = *other.table_;
      return *this;
    }
    std::uint64_t& operator[](std::size_t i) noexcept { return table_->counts[i]; }
    const std::uint64_t& operator[](std::size_t i) const noexcept { return table_->counts[i]; }

   private:
    std::unique_ptr<table> table_;
  };

  counts_owner counts_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace hocket::tools
