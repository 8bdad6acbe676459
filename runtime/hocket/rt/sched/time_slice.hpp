// How long the kernel lets one of our threads run before another one's turn: short for who serves events, so that it
// runs at once when one comes; the kernel's own for who computes.
//
// Linux 6.12 and later (EEVDF): a thread that wakes up with a shorter slice than the running one's takes its place at
// once, if it has not had more than its share; with equal slices it waits for the end of the other's, up to 3 ms. No
// privilege is needed. Older kernels take the request and do nothing with it; other policies than SCHED_OTHER and
// SCHED_BATCH are left alone. Calls: begin_thread: the thread itself; the rest: any thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class time_slice {
 public:
  /// `brief` 0: no request is ever made.
  explicit time_slice(nanos brief) noexcept : brief_(brief) {}

  void begin_thread() noexcept;

  /// A system call when it is not so already.
  void make_brief() noexcept {
    if (brief_ != 0 && !is_brief_.load(relaxed)) request(true);
  }
  void make_usual() noexcept {
    if (brief_ != 0 && is_brief_.load(relaxed)) request(false);
  }

 private:
  void request(bool brief) noexcept;

  const nanos brief_;
  std::atomic<pid_t> thread_{0};  // 0: not begun, or not to be touched
  std::uint32_t policy_ = 0;      // both: written before thread_
  std::int32_t nice_ = 0;
  std::atomic<bool> is_brief_{false};
};

}  // namespace hocket::rt
