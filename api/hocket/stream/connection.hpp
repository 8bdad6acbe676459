// One TCP connection, below its reader and its writer: what waits to be sent, and how it ends. asyncio's transport and
// protocol.
//
// A write is tried at once; what the kernel does not take is queued, and a flusher, an I/O operation that is no task's,
// sends it when the socket takes more, on whatever worker hears of it. While it has work it keeps the connection alive,
// so what was written is sent even if every handle is gone, until the peer or the runtime ends.
//
//   open --close()--> closing --all sent--> lost         lost: the descriptor is closed, and nothing is ever sent again
//     `--- abort(), an error ---------------^
//
// Calls: any thread; mutex(), which is the socket's lock for writing, is held across a send that does not block.
// Nothing is woken, closed upwards or destroyed under it.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string_view>

#include <hocket/loop/coro.hpp>
#include <hocket/net/address.hpp>
#include <hocket/net/socket.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/io/reactor.hpp>
#include <hocket/stream/byte_buffer.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::stream {

class connection;

/// Who counts connections: a server.
class connection_owner {
 public:
  /// It is lost. Once for each connection; outside its locks.
  virtual void connection_lost(connection& c) noexcept = 0;

 protected:
  ~connection_owner() = default;
};

class connection final : public std::enable_shared_from_this<connection>,
                         public rt::list_node<connection>,  // guarded by the owner's mutex
                         private rt::io_op {
 public:
  static constexpr std::size_t high_water = 64 * 1024;  // bytes; above it drain() waits
  static constexpr std::size_t low_water = 16 * 1024;   // bytes; until this is reached

  connection(net::socket&& s, const net::address& peer, std::shared_ptr<connection_owner> owner);
  ~connection();

  net::socket& socket() noexcept { return socket_; }

  /// Sends or queues all of it. After close() or a loss: nothing. Throws RuntimeError("Cannot call write() after
  /// write_eof()").
  void write(std::string_view data);
  /// After what is queued, says that nothing follows.
  void write_eof();

  /// Sends what is queued, then closes.
  void close();
  /// Closes at once.
  void abort();
  /// A call on the socket failed: closes at once, and everyone hears of it.
  void lose(int error);

  bool is_closing() const noexcept;
  /// Why it was lost, made anew for each who asks; null when it is not, or was closed here.
  std::exception_ptr error() const;
  bool has_error() const noexcept { return error_.load(rt::relaxed) != 0; }  // order: a first look; error() follows
  std::size_t queued() const noexcept;

  /// Whether drain() has nothing to wait for, and nothing to throw.
  bool is_drained() const noexcept {
    return is_calm_.load(rt::relaxed);  // order: the writing task sees what it did; a loss may be seen a little later
  }

  // Each keeps the connection alive while it waits.
  static Coro<> drain(std::shared_ptr<connection> c);
  static Coro<> wait_closed(std::shared_ptr<connection> c);

  const net::address& peer() const noexcept { return peer_; }
  net::address local() noexcept { return socket_.local_address(); }

 private:
  // What is to be done after the mutex is released.
  struct aftermath;

  void run() noexcept override;
  void queue(std::string_view data, net::attempt sent, std::unique_lock<rt::futex_mutex> lock);
  void flush(aftermath& after) noexcept;
  void stop_flusher(aftermath& after) noexcept;
  void note_room(aftermath& after) noexcept;
  void fail(int error, aftermath& after) noexcept;
  void finish(aftermath& after) noexcept;

  rt::futex_mutex& mutex() const noexcept { return socket_.lock_of(rt::io_direction::write); }
  void note_calm() noexcept { is_calm_.store(!closing_ && !paused_, rt::relaxed); }  // order: see is_drained()

  net::socket socket_;
  // Only written under mutex().
  std::atomic<bool> is_calm_{true};  // open, and not above high water
  std::atomic<int> error_{0};
  // guarded by mutex()
  bool closing_ = false;
  bool lost_ = false;
  bool eof_ = false;
  bool paused_ = false;    // above high water, and not yet down to low water
  bool flushing_ = false;  // the operation is submitted, queued or running
  byte_buffer out_;
  std::shared_ptr<connection> self_;  // while flushing_
  std::shared_ptr<connection_owner> owner_;
  std::optional<Event> room_;    // while somebody drains
  std::optional<Event> closed_;  // while somebody waits for the end

  const net::address peer_;
};

/// What StreamWriter::drain gives: a coroutine only where there is something to wait for, or to throw. The connection
/// outlives it, or it was awaited or made a coroutine by then.
class [[nodiscard("co_await it")]] drain_wait {
 public:
  using value_type = void;
  explicit drain_wait(connection& c) noexcept : connection_(&c) {}

  /// Whether there is something to wait for, or to throw.
  bool is_needed() const noexcept { return !connection_->is_drained(); }

  bool await_ready() const noexcept { return !is_needed() && !rt::must_give_way(); }
  template <class Promise>
  rt::transfer_result await_suspend(std::coroutine_handle<Promise> parent,
                                    std::source_location where = std::source_location::current()) {
    return slow_.emplace(as_coro().release()).await_suspend(parent, where);
  }
  void await_resume() {
    if (slow_) slow_->await_resume();
  }

  operator Coro<>() && { return as_coro(); }

 private:
  Coro<> as_coro() const { return connection::drain(connection_->shared_from_this()); }

  connection* connection_;
  std::optional<Coro<>::awaiter> slow_;  // which cannot be copied, so neither can this
};

}  // namespace hocket::stream
