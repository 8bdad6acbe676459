// Descriptors that a loop watches for its user: add_reader, add_writer.
//
// asyncio calls a reader in every iteration in which its descriptor is readable; the reactor tells of a change once. So
// before a watch waits in the reactor, the kernel is asked (poll(2)) whether there is something already, and after each
// call again: while there is, the callback is queued for the next iteration. What came between the question and the
// wait is in the reactor's word, which then refuses the wait (io/README.md).
//
// A watch is in one place at a time: in the reactor, in the queue of callbacks, in its own call, or over. Whoever takes
// it from one place brings it to the next, and looks under the mutex whether it was removed meanwhile. Removing takes
// it out of the reactor; if it is elsewhere, it ends there. Calls: any thread. The user closes a descriptor only after
// it was removed, and no two loops, and no stream, may watch the same one.
#pragma once

#include <atomic>
#include <functional>
#include <source_location>
#include <unordered_map>

#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/io/reactor.hpp>

namespace hocket {

class loop_state;

class fd_watches {
 public:
  explicit fd_watches(loop_state& loop);
  fd_watches(const fd_watches&) = delete;
  fd_watches& operator=(const fd_watches&) = delete;
  ~fd_watches();

  /// Calls `fn` through the loop while `fd` is ready; takes the place of what watched that direction. Throws ValueError
  /// for a negative fd, OSError: "[Errno 17] File exists" when somebody else watches it, RuntimeError when the loop is
  /// closed.
  void add(int fd, rt::io_direction direction, std::function<void()> fn, std::source_location where);

  /// False when nothing watched that direction. A call that has begun, or that a worker is about to begin, is made.
  bool remove(int fd, rt::io_direction direction) noexcept;

  /// Removes all; from now on none is added.
  void close() noexcept;

  /// Whether a watch that was removed, or one that was not, is still somewhere.
  bool is_in_use() const noexcept { return alive_.load(rt::acquire) > 0; }  // order: D2

 private:
  class watch;
  struct entry {
    rt::descriptor attached;
    rt::counted_ptr<watch> directions[2];
  };
  using table = std::unordered_map<int, entry>;

  rt::counted_ptr<watch> take_out(table::iterator at, rt::io_direction direction) noexcept;
  void detach_if_empty(table::iterator at) noexcept;
  rt::reactor& io() const noexcept;

  loop_state& loop_;
  mutable rt::futex_mutex mutex_;
  table entries_;           // guarded by mutex_
  bool is_closed_ = false;  // guarded by mutex_
  std::atomic<std::uint32_t> alive_{0};
};

}  // namespace hocket
