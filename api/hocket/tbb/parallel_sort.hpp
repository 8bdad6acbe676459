// parallel_sort: a range sorted on every core.
//
// Quicksort whose parts are TBB tasks: a part is cut in two around a pivot until it is a leaf, which std::sort sorts.
// Cutting only swaps, and so a range whose sort was cancelled, or whose comparison threw, holds the same elements
// still. After: Hoare 1962; Bentley & McIlroy 1993 (the pivot: a median of medians of three).
#pragma once

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include <hocket/loop/parallel.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/tbb/on_tbb.hpp>
#include <hocket/tbb/tsan.hpp>

namespace hocket {

/// What a cut threw: TBB makes tasks by copying ranges, and loses their memory when that throws.
class cut_failure {
 public:
  /// Keeps the exception that is being handled, if it is the first, and cancels the task group. In a task of TBB.
  void keep_current() noexcept {
    if (!is_kept_.exchange(true, rt::relaxed))
      error_ = std::current_exception();  // order: decides; TBB's end publishes
    tbb::task::current_context()->cancel_group_execution();
  }

  /// After the group has ended.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::atomic<bool> is_kept_{false};
  std::exception_ptr error_;
};

/// A part of a range that is being sorted. A TBB range: splitting one partitions it.
template <class It, class Less>
class sort_range {
 public:
  sort_range(It begin, It end, const Less& less, cut_failure& failure) noexcept
      : begin_(begin),
        end_(end),
        less_(&less),
        failure_(&failure),
        cuts_left_(2 * std::bit_width(static_cast<std::size_t>(end - begin))) {}
  sort_range(sort_range& left, tbb::split) noexcept : sort_range(left) {
    const It cut = cut_in_two(begin_, end_, *less_, *failure_);
    begin_ = left.end_ = cut;
    cuts_left_ = left.cuts_left_ = cut == end_ ? 0 : cuts_left_ - 1;
  }

  bool empty() const noexcept { return begin_ == end_; }
  /// When the pivots were bad too often, what is left is a leaf, however long: std::sort is never quadratic.
  bool is_divisible() const noexcept { return end_ - begin_ > leaf && cuts_left_ > 0; }

  void sort() const {
    const sort_range own = *this;  // as in leaf_range::run()
    const tbb_leaf here;
    checkpoint();
    std::sort(own.begin_, own.end_, std::cref(*own.less_));
  }

 private:
  using distance = std::iter_difference_t<It>;
  static constexpr distance leaf = 1024;           // some 50 us of numbers
  static constexpr unsigned between_looks = 8192;  // elements passed between two checkpoints of a cut

  static It median(It a, It b, It c, const Less& less) {
    return less(*a, *b) ? (less(*b, *c) ? b : less(*a, *c) ? c : a) : (less(*a, *c) ? a : less(*b, *c) ? c : b);
  }

  static It pivot(It begin, It end, const Less& less) {
    const distance step = (end - begin) / 8;
    return median(median(begin, begin + step, begin + 2 * step, less),
                  median(begin + 3 * step, begin + 4 * step, begin + 5 * step, less),
                  median(begin + 6 * step, begin + 7 * step, end - 1, less), less);
  }

  /// Gives where the right part begins; `end` when that failed.
  static It cut_in_two(It begin, It end, const Less& less, cut_failure& failure) noexcept {
    const tbb_leaf here(/*after_leaves=*/false, /*before_leaves=*/true);
    try {
      return partition(begin, end, less);
    } catch (...) {
      failure.keep_current();
      return end;
    }
  }

  /// Gives where the right part begins: nothing in the left part is greater than anything in the right one, and neither
  /// is empty.
  static It partition(It begin, It end, const Less& less) {
    std::iter_swap(begin, pivot(begin, end, less));
    // The pivot stands at `begin`, and is not passed: it stops the search from the right.
    It low = begin, high = end;
    for (unsigned passed = 0;;) {
      const It from_low = low, from_high = high;
      // Both stop at what equals the pivot, so that equal elements are spread over both parts.
      do ++low;
      while (low != end && less(*low, *begin));
      do --high;
      while (less(*begin, *high));
      if (low >= high) break;
      std::iter_swap(low, high);
      passed += static_cast<unsigned>((low - from_low) + (from_high - high));
      if (passed >= between_looks) {
        passed = 0;
        checkpoint();
      }
    }
    // [begin + 1, high] is not greater than the pivot, what follows not less.
    std::iter_swap(begin, high);
    return high == begin ? begin + 1 : high;
  }

  It begin_, end_;
  const Less* less_;
  cut_failure* failure_;
  int cuts_left_;
};

template <std::random_access_iterator It, class Less>
Coro<> sort_on_tbb(It begin, It end, Less less) {
  if (end - begin < 2) co_return;
  auto work = [&less, begin, end] {
    cut_failure failure;
    {
      const tbb_machinery from_here;
      const auto leaf = [](const sort_range<It, Less>& part) { part.sort(); };
      tbb::parallel_for(sort_range<It, Less>(begin, end, less, failure), leaf, tbb::simple_partitioner());
    }
    failure.rethrow();
  };
  tbb_call_of<void, decltype(work)> call(work);
  co_await call;
}

/// Sorts from `begin` to `end`, which is not included, by `less`; equal elements in any order. `less` must bear to be
/// called by several at once. checkpoint() is called in every piece. Suspends unless there are fewer than two. Ends
/// when all work has: what is sorted may be the caller's local. Cancelled: throws CancelledError when those that work
/// have ended; the range then holds the same elements in some order. Throws what `less` throws, likewise. From any
/// task, either door. An extension.
///
///     co_await parallel_sort(v.begin(), v.end());
template <std::random_access_iterator It, class Less = std::less<>>
Coro<> parallel_sort(It begin, std::type_identity_t<It> end, Less less = {}) {
  HOCKET_REQUIRE_SAFE_CALLABLE(Less);
  return sort_on_tbb(begin, end, std::move(less));
}

}  // namespace hocket
