// Signals that a loop handles for its user: add_signal_handler.
//
// The kernel's handler, which may run on any thread and in the middle of anything, only writes the signal's number into
// a pipe; the loop watches the pipe's other end (fd_watch.hpp) and calls what was given for that number, as asyncio
// does. When the pipe is full, the signal is noted beside it, so that of several at least one is handled. One loop
// handles a signal at a time, the last one that asked for it. Calls: any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <source_location>

#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {

class loop_state;

/// What the kernel calls for every signal that a loop handles. Async-signal-safe.
void on_loop_signal(int signal) noexcept;

class signal_watches {
 public:
  explicit signal_watches(loop_state& loop) noexcept : loop_(loop) {}
  signal_watches(const signal_watches&) = delete;
  signal_watches& operator=(const signal_watches&) = delete;

  /// Calls `fn` through the loop for each `signal` that comes (the kernel may make one of several). Throws ValueError
  /// ("invalid signal number 99"), RuntimeError ("sig 9 cannot be caught", "Event loop is closed").
  void add(int signal, std::function<void()> fn, std::source_location where);

  /// The signal does again what it does by default; SIGINT what it does under `run`. False when nothing handled it, or
  /// another loop does now. Throws as add().
  bool remove(int signal);

  /// Removes all; from now on none is added.
  void close() noexcept;

 private:
  struct handler {
    std::function<void()> fn;
    std::source_location where;
  };

  void open_pipe();
  void read_pipe();
  void close_pipe() noexcept;

  loop_state& loop_;
  mutable rt::futex_mutex mutex_;
  std::map<int, std::shared_ptr<const handler>> handlers_;  // guarded by mutex_
  rt::unique_fd read_end_, write_end_;                      // guarded by mutex_; open while there are handlers
  bool is_closed_ = false;                                  // guarded by mutex_
};

}  // namespace hocket
