// A thread of this process as others see it: how much processor time it has used, and whether it could use more.
//
// Calls: begin_thread on the thread, before all else; the rest from any thread while that one lives.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <atomic>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class thread_probe {
 public:
  void begin_thread() noexcept;

  /// Processor time that it has used; 0 before it has begun. One system call.
  nanos cpu_time() const noexcept;

  /// It is on a processor, or waits for one. False: it blocks in a call, or /proc does not say. Opens and reads a file.
  bool wants_processor() const noexcept;

 private:
  static constexpr clockid_t no_clock = -1;

  // order: relaxed: each stands for itself.
  std::atomic<clockid_t> clock_{no_clock};
  std::atomic<pid_t> thread_{0};
};

}  // namespace hocket::rt
