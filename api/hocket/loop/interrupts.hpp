// How a thread waits for its loop to stop, and what Ctrl-C does meanwhile.
//
// As asyncio.Runner does: while `run` waits on the main thread and nobody else has taken SIGINT, the first Ctrl-C
// cancels the main task, and `run` throws KeyboardInterrupt when it ended by that. The second one ends the process, as
// if no handler were there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include <hocket/rt/base/futex.hpp>

namespace hocket {

/// One end, for one waiting thread.
class stop_signal {
 public:
  /// Any thread; the last touch of the setter.
  void set() noexcept;
  void wait();

 private:
  std::atomic<std::uint32_t> word_{0};
};

/// While it lives, Ctrl-C on the main thread calls `first` instead of ending the process; where a loop handles SIGINT,
/// from when it lets go of it. Does nothing on other threads, or when somebody else has taken SIGINT.
class interrupt_guard {
 public:
  explicit interrupt_guard(std::function<void()> first);
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard();

  /// How many interrupts came.
  int count() const noexcept;

 private:
  friend class stop_signal;
  bool is_in_charge_ = false;
  std::function<void()> first_;
};

/// Held by who changes what the process does on a signal.
rt::futex_mutex& signal_actions_mutex() noexcept;

/// SIGINT does again what it does under `run`, if the process runs one on its main thread, else what it does by
/// default. Any thread, with the mutex.
void restore_interrupts() noexcept;

}  // namespace hocket
