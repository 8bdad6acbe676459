#include <hocket/rt/sched/op_budget.hpp>

namespace hocket::rt {

op_budget::op_budget(unsigned operations, nanos slice) noexcept
    : operations_(operations == 0 || operations >= INT_MAX ? INT_MAX : static_cast<int>(operations) + 1),
      slice_(slice),
      first_used_(operations != 0 || slice != 0 ? 0 : exempt),
      stride_(slice == 0 ? INT_MAX : first_stride) {}

bool op_budget::look() noexcept {
  if (used_ == exempt) {
    left_.store(INT_MAX, relaxed);
    return false;
  }
  if (used_ == spent) return true;
  const bool is_first_look = used_ == 0;
  const bool is_cut = left_.load(relaxed) < cut_mark / 2;
  used_ += std::min(stride_, operations_ - used_);
  if (is_cut || used_ == operations_ || (slice_ != 0 && is_slice_over(is_first_look))) {
    used_ = spent;
    return true;
  }
  left_.store(std::min(stride_, operations_ - used_), relaxed);
  return false;
}

/// As poll_clock does, it leaves out looks while operations are short: reading the clock costs more than one of those.
bool op_budget::is_slice_over(bool is_first_look) noexcept {
  const nanos now = steady_now();
  if (is_first_look) {
    since_ = now;
  } else if (now - looked_at_ > slice_ / 4) {
    stride_ = 1;
  } else if (now - looked_at_ < slice_ / 8) {
    stride_ = std::min(stride_ * 2, longest_stride);
  }
  looked_at_ = now;
  return now - since_ >= slice_;
}

}  // namespace hocket::rt
