// Leaves: how a range is cut into pieces that take about as long as a worker may go without looking up.
//
// A range is halved until a half is a leaf, the right halves are left to whoever is idle, and the leaf is run. How many
// indices make a leaf is learnt on the way: the first is one index, the next ones on the way back up are 1, 2, 4, ... ,
// which is the order in which halves come off a deque. Each leaf is a TBB task of its own, so between any two a lent
// worker can be recalled and a cancel seen. Calls: any thread.
#pragma once

#include <tbb/partitioner.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <iterator>

#include <hocket/loop/parallel.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/tbb/tsan.hpp>

namespace hocket {

/// What has a distance and can be counted on: an integer, or a random access iterator.
template <class I>
concept countable = (std::integral<I> && !std::same_as<I, bool>) || std::random_access_iterator<I>;

template <countable I>
std::size_t count_between(I begin, I end) noexcept {
  return begin < end ? static_cast<std::size_t>(end - begin) : 0;
}

template <countable I>
I advanced(I i, std::size_t n) noexcept {
  if constexpr (std::integral<I>) {
    return static_cast<I>(i + static_cast<I>(n));
  } else {
    return i + static_cast<std::iter_difference_t<I>>(n);
  }
}

/// How many indices make a leaf, for all who work on one call.
class leaf_size {
 public:
  /// `grain`: the fewest, at least 1.
  explicit leaf_size(std::size_t grain) noexcept : grain_(std::max<std::size_t>(grain, 1)), size_(grain_) {}

  std::size_t get() const noexcept { return size_.load(rt::relaxed); }  // order: a hint

  /// `n` indices took so long.
  void learn(std::size_t n, rt::nanos took) noexcept;

 private:
  static constexpr rt::nanos wanted = 100 * rt::nanos_per_us;
  static constexpr std::size_t growth = 8;  // at most, from one leaf to the next: the first ones are cold

  const std::size_t grain_;
  alignas(rt::cache_line) std::atomic<std::size_t> size_;
};

/// Half-open, and divisible as long as it is more than a leaf. A TBB range.
template <countable I>
class leaf_range {
 public:
  leaf_range(I begin, I end, leaf_size& size) noexcept
      : begin_(begin), count_(count_between(begin, end)), size_(&size) {}
  leaf_range(leaf_range& left, tbb::split) noexcept
      : begin_(advanced(left.begin_, left.count_ - left.count_ / 2)), count_(left.count_ / 2), size_(left.size_) {
    left.count_ -= count_;
  }

  bool empty() const noexcept { return count_ == 0; }
  bool is_divisible() const noexcept { return count_ > size_->get(); }
  I begin() const noexcept { return begin_; }
  I end() const noexcept { return advanced(begin_, count_); }

  /// Runs `body(begin, end)` as a leaf. `after_leaves`: it goes on with what others made.
  template <class Body>
  void run(const Body& body, bool after_leaves = false) const {
    // What is TBB's memory is read before the leaf begins: see tsan.hpp.
    const leaf_range own = *this;
    const tbb_leaf here(after_leaves);
    checkpoint();
    const rt::nanos start = rt::steady_now();
    body(own.begin_, own.end());
    own.size_->learn(own.count_, rt::steady_now() - start);
  }

 private:
  I begin_;
  std::size_t count_;
  leaf_size* size_;
};

}  // namespace hocket
