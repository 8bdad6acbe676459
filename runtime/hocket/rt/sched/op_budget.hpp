// How long a task may go on whose awaits are all ready: so many operations, or so much time, since it was dispatched.
//
// An operation that may be ready asks must_give_way() before it takes anything. Mostly that is a decrement; now and
// then a look at the clock, seldom while operations are short, at each one when they are long. Where the count alone
// decides (`slice` 0: a seed or the virtual clock), no clock is read, so that a schedule replays. Serial loops and
// strands are exempt: between two awaits that really wait, their tasks see no others. README.md, "The budget".
// Calls: the seat's thread; cut(): any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <climits>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class op_budget {
 public:
  /// `operations` 0: any number; `slice` 0: any time.
  op_budget(unsigned operations, nanos slice) noexcept;

  /// A task is dispatched; `applies`: and it is one that may be made to give way.
  void begin(bool applies) noexcept {
    used_ = applies ? first_used_ : exempt;
    left_.store(applies ? std::min(stride_, operations_) : INT_MAX, relaxed);  // order: as spend()
  }

  /// One operation more. True: the budget was spent before this one, and stays so until the next begin().
  bool spend() noexcept {
    const int left = left_.load(relaxed) - 1;
    left_.store(left, relaxed);  // order: the owner's own, but for a cut(), which may be overwritten: it is repeated
    return left <= 0 && look();
  }

  bool is_spent() const noexcept { return used_ == spent; }

  /// The watch: what runs has been running for long; it gives way at its next operation.
  void cut() noexcept {
    if (slice_ != 0) left_.store(cut_mark, relaxed);  // order: as spend()
  }

 private:
  static constexpr int exempt = -1, spent = -2;                 // of used_
  static constexpr int cut_mark = INT_MIN / 2;                  // of left_
  static constexpr int first_stride = 16, longest_stride = 32;  // operations between two looks at the clock

  bool look() noexcept;
  bool is_slice_over(bool is_first_look) noexcept;

  const int operations_;  // the one that finds the budget spent included
  const nanos slice_;
  const int first_used_;  // `exempt` when neither is bounded

  std::atomic<int> left_{INT_MAX};  // operations until the next look
  int used_ = exempt;               // operations of this run until the last look, or a mark
  int stride_;                      // operations between this look and the next; kept from run to run
  nanos since_ = 0;                 // both: the first and the last look of this run
  nanos looked_at_ = 0;
};

/// For await_ready() of whatever may be ready at once, before it takes anything. True: say "not ready"; the task then
/// gives way, and commit() is called when it is its turn again (coro/suspend.hpp). Any thread.
[[nodiscard]] bool must_give_way() noexcept;

}  // namespace hocket::rt
