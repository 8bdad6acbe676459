// How soon the kernel lets one of our threads run: at once where it serves events, in its turn where it computes.
//
//   usual     the kernel's own time slice and the program's nice value
//   prompt    a short time slice. Linux 6.12 and later let a thread that wakes up with a shorter slice than the running
//             one's take its place at once, if it has not had more than its share; with equal slices it waits for the
//             end of the other's, up to 3 ms. Needs no privilege; older kernels take the request and do nothing with it
//   favoured  the same with a lower nice value: its share is so large that serving does not use it up. It needs
//             CAP_SYS_NICE or RLIMIT_NICE, and is prompt without. Not for who may meet with a hog: that would go before
//             all others
//
// Other policies than SCHED_OTHER and SCHED_BATCH are left alone. Calls: begin_thread: the thread itself; the rest: any
// thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class urgency {
 public:
  /// `slice`: what is asked for, 0: nothing; `boost`: how much lower the nice value is to be.
  urgency(nanos slice, unsigned boost) noexcept : slice_(slice), boost_(static_cast<int>(boost)) {}

  void begin_thread() noexcept;

  enum class level : std::uint8_t { usual, prompt, favoured };

  /// A system call when it is not so already.
  void set(level wanted) noexcept {
    if (is_used() && asked_.load(relaxed) != wanted) request(wanted);
  }

  /// The system granted that.
  bool is_favoured() const noexcept { return is_favoured_.load(relaxed); }  // order: a hint

  /// Of the thread, as it was given. The thread itself.
  int usual_nice() const noexcept { return nice_; }

 private:
  bool is_used() const noexcept { return slice_ != 0 || boost_ != 0; }
  void request(level wanted) noexcept;

  const nanos slice_;
  const int boost_;
  std::atomic<pid_t> thread_{0};  // 0: not begun, or not to be touched
  std::uint32_t policy_ = 0;      // both: written before thread_
  std::int32_t nice_ = 0;
  std::atomic<level> asked_{level::usual};
  std::atomic<bool> is_favoured_{false};
};

}  // namespace hocket::rt
