// A TCP socket with one owner: its file descriptor, its place in the reactor, and the calls that may have to wait.
//
// Each call is tried first and waits only on EAGAIN. close() may come at any moment, from any thread: it never lets
// another thread's call reach a descriptor that was closed, because calls and close() exclude each other (a lock per
// direction, held across a system call that does not block), and whoever waits is woken and finds the socket closed.
// The layer above guards what it knows of a direction by the same lock, and then makes the calls named _locked, so that
// a read or a write takes one lock and not two. One task may wait in each direction at a time; the layer above sees to
// that.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/loop/coro.hpp>
#include <hocket/net/address.hpp>
#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/io/reactor.hpp>
#include <hocket/rt/io/readiness.hpp>

namespace hocket::net {

/// What one try at a system call gave.
struct attempt {
  std::size_t bytes = 0;
  int error = 0;  // an errno value; EBADF once the socket is closed here

  bool must_wait() const noexcept { return error == EAGAIN || error == EWOULDBLOCK; }
};

class socket {
 public:
  /// Takes over a stream socket and watches it. `raw` does not block. Throws OSError, std::bad_alloc.
  socket(rt::reactor& reactor, rt::unique_fd raw);
  /// While nobody uses `other`.
  socket(socket&& other) noexcept;
  socket& operator=(socket&&) = delete;
  ~socket() { close(); }

  /// A connection to `peer`, from `local` if that is of a family. Cancelled: closes the socket. Throws OSError:
  /// "[Errno 111] Connect call failed ('127.0.0.1', 9)".
  static Coro<socket> connect(address peer, address local = {});

  /// Bound to `local` and not yet listening. Throws OSError:
  /// "[Errno 98] error while attempting to bind on address ('127.0.0.1', 80): address already in use".
  static socket bind(const address& local, bool reuse_address, bool reuse_port);
  void listen(int backlog);

  struct accepted {
    rt::unique_fd fd;
    address peer;
    int error = 0;  // as in attempt; when there is no fd
  };

  // One try each. Any thread. Interrupted calls and connections that died in the queue are tried again.
  attempt try_receive(std::span<char> into) noexcept;
  attempt try_send(std::string_view data) noexcept;
  accepted try_accept() noexcept;

  /// Excludes calls in this direction, and close(). Order: write before read.
  rt::futex_mutex& lock_of(rt::io_direction d) const noexcept { return in_use_[static_cast<std::size_t>(d)]; }

  // With lock_of(read), lock_of(write). In kernel_calls.hpp.
  inline attempt try_receive_locked(std::span<char> into) noexcept;
  inline attempt try_send_locked(std::string_view data) noexcept;

  // As above, and wait. Cancelled: nothing was received or sent. Throw OSError.
  Coro<std::size_t> receive(std::span<char> into);
  Coro<std::size_t> send(std::string_view data);

  /// Says to the peer that nothing follows. With lock_of(write).
  void shutdown_write_locked() noexcept;

  /// Throws away what was received and not read, up to `bytes`: closing over it would reset the connection, and take
  /// what was sent last with it.
  void discard_received(std::size_t bytes) noexcept;

  /// Closes it; gives back the operations that waited, for the caller to run outside its locks. Twice does nothing.
  [[nodiscard]] rt::runnable_list take_down() noexcept;
  [[nodiscard]] rt::runnable_list take_down_locked() noexcept;  // with lock_of(write)
  /// The same, and runs them.
  void close() noexcept;

  /// Submits an operation that is no task's, and that may come after the runtime has gone. `waiting`: it will be run.
  /// `was_ready`: try the call again. `stale`: the socket was closed, or nothing will ever be ready any more.
  rt::submitted submit(rt::io_direction direction, rt::io_op& op) noexcept;

  /// Of no family once it is closed.
  address local_address() noexcept;

  // The same for an operation of a task, which its runtime outlives. As those of rt::reactor.
  bool submit_for_task(rt::io_direction direction, rt::io_op& op) noexcept {
    return reactor_->submit(descriptor_, direction, op);
  }
  bool cancel_for_task(rt::io_direction direction, rt::io_op& op) noexcept {
    return reactor_->cancel(descriptor_, direction, op);
  }

  /// Waits until a call in this direction is worth another try, or the socket was closed. Only after EAGAIN.
  class ready_wait;
  ready_wait ready(rt::io_direction direction) noexcept;

 private:
  std::shared_ptr<rt::reactor_lease> lease_;
  rt::reactor* reactor_;  // while a task of its runtime calls
  rt::descriptor descriptor_;
  mutable rt::futex_mutex in_use_[2];  // by direction; close() takes both, write first
  rt::unique_fd fd_;                   // guarded by either lock for use, by both for change
};

class socket::ready_wait final : public rt::leaf_awaiter, private rt::io_op {
 public:
  ready_wait(socket& s, rt::io_direction direction) noexcept : socket_(s), direction_(direction) {}
  ready_wait(const ready_wait&) = delete;
  ready_wait& operator=(const ready_wait&) = delete;

  bool commit(rt::task_base& self) noexcept override;
  bool cancel(rt::task_base& self) noexcept override;
  void await_resume();

 private:
  void run() noexcept override;

  socket& socket_;
  rt::io_direction direction_;
  bool cancelled_ = false;  // written by the canceller before the wake
};

inline socket::ready_wait socket::ready(rt::io_direction direction) noexcept { return ready_wait(*this, direction); }

}  // namespace hocket::net
