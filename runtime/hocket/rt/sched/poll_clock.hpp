// Says when a busy worker must look at sockets and timers: when the interval is over, or after many dispatches.
//
// Reading the clock costs more than a short task does, so after short ones it is read at every eighth call only; the
// first long one brings it back to every call. A seeded worker counts and reads no clock, so that its schedule replays.
// Calls: the worker itself.
#pragma once

#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class poll_clock {
 public:
  static constexpr unsigned many_calls = 61;  // shares no factor with what programs do in rounds

  /// `interval` 0: by count alone.
  explicit poll_clock(nanos interval) noexcept : interval_(interval) {}

  /// Call once per dispatch or checkpoint. True at most once per interval / 8; the caller then looks.
  bool is_due() noexcept {
    ++calls_;
    last_call_ = 0;
    if (skip_ > 0) {
      --skip_;
      return false;
    }
    return interval_ == 0 ? by_count() : by_time(steady_now());
  }

  /// The caller has just looked for another reason, as after a sleep.
  void looked() noexcept { calls_ = 0, last_poll_ = 0, last_read_ = 0, last_call_ = 0; }

  /// How long it is since the call before this one, when both read the clock; else 0.
  nanos last_call() const noexcept { return last_call_; }

 private:
  static constexpr unsigned longest_stride = 8;
  static constexpr nanos short_call = 2 * nanos_per_us;

  bool by_count() noexcept {
    if (calls_ < many_calls) return false;
    calls_ = 0;
    return true;
  }

  bool by_time(nanos now) noexcept {
    if (stride_ == 1 && last_read_ != 0) last_call_ = now - last_read_;
    stride_ = now - last_read_ < short_call * stride_ ? (stride_ < longest_stride ? stride_ * 2 : longest_stride) : 1;
    skip_ = stride_ - 1;
    last_read_ = now;
    if (last_poll_ == 0) last_poll_ = now;
    const nanos elapsed = now - last_poll_;
    if (elapsed < interval_ && !(calls_ >= many_calls && elapsed >= interval_ / 8)) return false;
    calls_ = 0;
    last_poll_ = now;
    return true;
  }

  nanos interval_;
  nanos last_read_ = 0;
  nanos last_call_ = 0;
  nanos last_poll_ = 0;  // 0: at the next reading of the clock
  unsigned calls_ = 0;
  unsigned skip_ = 0;
  unsigned stride_ = 1;
};

}  // namespace hocket::rt
