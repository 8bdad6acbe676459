// Says when a busy worker must look at sockets and timers: when the interval is over, or after many dispatches.
//
// Reading the clock costs more than a short task does, and a hundredth of a request that is a receive and a send. So
// while calls are short it is read at every second, fourth or eighth one only, no further apart than half of the usual
// interval; the first long one brings it back to every call. A seeded worker counts and reads no clock, so that its
// schedule replays.
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
    since_reading_ = 0;
    if (skip_ > 0) {
      --skip_;
      return false;
    }
    return interval_ == 0 ? by_count() : by_time(steady_now());
  }

  /// The caller has just looked for another reason, as after a sleep.
  void looked() noexcept { calls_ = 0, last_poll_ = 0, last_read_ = 0, since_reading_ = 0; }

  /// How long the calls took since the one that read the clock before this one did; 0 when this one did not read it.
  /// More than a short time is the last call's, or one's of the few before.
  nanos since_reading() const noexcept { return since_reading_; }

 private:
  static constexpr unsigned longest_stride = 8;
  static constexpr nanos longest_unread = 50 * nanos_per_us;

  bool by_count() noexcept {
    if (calls_ < many_calls) return false;
    calls_ = 0;
    return true;
  }

  bool by_time(nanos now) noexcept {
    if (last_read_ != 0) {
      since_reading_ = now - last_read_;
      if (since_reading_ > longest_unread) {
        stride_ = 1;
      } else if (since_reading_ <= longest_unread / 4 && stride_ < longest_stride) {
        stride_ *= 2;
      }
    }
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
  nanos since_reading_ = 0;
  nanos last_poll_ = 0;  // 0: at the next reading of the clock
  unsigned calls_ = 0;
  unsigned skip_ = 0;
  unsigned stride_ = 1;
};

}  // namespace hocket::rt
