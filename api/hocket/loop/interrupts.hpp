// How a thread waits for its loop to stop, and what Ctrl-C does meanwhile.
//
// As asyncio.Runner does: while `run` waits on the main thread and nobody else has taken SIGINT, the first Ctrl-C
// cancels the main task, and `run` throws KeyboardInterrupt when it ended by that. The second one ends the process, as
// if no handler were there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

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

/// While it lives, Ctrl-C on the main thread calls `first` instead of ending the process. Does nothing on other
/// threads, or when SIGINT is not at its default.
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
  bool installed_ = false;
  std::function<void()> first_;
};

/// SIGINT does again what it does under `run`, if the calling process runs one on its main thread, else what it does by
/// default. Any thread.
void restore_interrupts() noexcept;

}  // namespace hocket
