// The reactor: tells operations when the descriptor that they wait for is worth another try.
//
// It speaks of readiness, not of bytes: an operation makes its system call first, and only if that gives EAGAIN does it
// submit itself here. What it gets back is permission to try again, never a promise: a wake without cause is harmless.
// Nothing here calls up: operations that became ready are handed back as runnables, and the polling worker queues them.
//
// Calls: any thread, all of it. Several threads may block in poll() at once. States and races: README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

/// An operation that waits for readiness; its `run` is the wake. It lives with whoever waits, and must stay alive from
/// a submit() that gave true until it was run, cancelled with success, or handed back by detach().
class io_op : public runnable {
 protected:
  ~io_op() = default;
};

enum class io_direction : std::uint8_t { read, write };

/// Names one attachment of a file descriptor. Copyable; of no use after detach(), when every call with it does nothing.
struct descriptor {
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  std::uint32_t slot = none;
  std::uint32_t generation = 0;

  explicit operator bool() const noexcept { return slot != none; }
};

class arrivals;
class reactor;

/// Outlives the reactor and says whether it is still there: for handles that their users may keep longer than the
/// runtime. Who may come so late locks `mutex`, looks at `io`, and calls it before unlocking.
struct reactor_lease {
  futex_mutex mutex;
  reactor* io = nullptr;  // guarded by mutex; null once the reactor is gone
};

/// What a poll may tell besides.
struct poll_report {
  arrivals* where = nullptr;  // set by the caller: notes now and then on which processor an event came in
  bool took_wake = false;     // one wake() is used up: if it was meant for another thread, that one is still owed it
};

class reactor {
 public:
  /// The most events that one poll() takes from the kernel.
  static constexpr int max_batch = 256;

  /// The back end of this machine. Throws std::system_error.
  static std::unique_ptr<reactor> make();

  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;
  /// What still waits is run a last time, and finds its attachment ended.
  virtual ~reactor() = default;

  /// Watches `fd`, both directions, until detach(). The caller keeps the fd, and closes it only after detach().
  /// Throws std::system_error ("epoll_ctl: Operation not permitted": a regular file), std::bad_alloc.
  virtual descriptor attach(int fd) = 0;

  /// Ends an attachment, and gives back the operations that waited: the caller owns their wakes. Twice does nothing.
  [[nodiscard]] virtual runnable_list detach(descriptor) noexcept = 0;

  /// True: `op` waits, and may be running already. False: try the system call again now (it became ready since the last
  /// submit, or the attachment ended). One operation per direction: a second one ends the process. Only after the call
  /// gave EAGAIN; of a stream also after a read that gave less than there was room for: that nothing was left is known
  /// then, and the peer's end, which may have come with the last bytes, makes every later submit give false.
  virtual bool submit(descriptor, io_direction, io_op&) noexcept = 0;

  /// True: taken out, the caller owns the wake. False: somebody else does, and it will come.
  virtual bool cancel(descriptor, io_direction, io_op&) noexcept = 0;

  /// Waits up to `timeout` (0: not at all; `never`: without end) for events or for wake(), takes at most `max_events`
  /// (held to 1..max_batch), appends the operations that became ready to `out` and gives their number. May return
  /// early.
  int poll(nanos timeout, runnable_list& out, int max_events) noexcept {
    poll_report nobody_reads;
    return poll(timeout, out, max_events, nobody_reads);
  }
  virtual int poll(nanos timeout, runnable_list& out, int max_events, poll_report& report) noexcept = 0;

  /// Makes one blocking poll() return: one that blocks now, or else the next one to come. Each call counts. Which of
  /// several returns is the kernel's choice; one that was not meant (`took_wake`) passes the wake on.
  /// Async-signal-safe.
  virtual void wake() noexcept = 0;

  /// False once detach() was called, or the reactor is on its way out.
  virtual bool is_attached(descriptor) const noexcept = 0;

  const std::shared_ptr<reactor_lease>& lease() const noexcept { return lease_; }

  /// How many descriptors are attached.
  virtual std::size_t attached() const noexcept = 0;

 protected:
  reactor() : lease_(std::make_shared<reactor_lease>()) { lease_->io = this; }

 private:
  const std::shared_ptr<reactor_lease> lease_;
};

}  // namespace hocket::rt
