// StreamWriter: the bytes that go to a connection, and its end. A counted handle: a copy is the same writer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/net/address.hpp>
#include <hocket/stream/connection.hpp>
#include <hocket/stream/reader_state.hpp>

namespace hocket {

/// Any thread. When the last handle of both reader and writer goes, the connection is closed as by close().
class StreamWriter {
 public:
  explicit StreamWriter(std::shared_ptr<stream::reader_state> state) noexcept : state_(std::move(state)) {}

  /// Sends what the kernel takes at once and queues a copy of the rest, without limit: follow it by drain(). Never
  /// suspends, never throws what the peer did (drain() does); after close() or a loss it does nothing. Throws
  /// RuntimeError("Cannot call write() after write_eof()"). Mirrors StreamWriter.write.
  void write(std::string_view data) const { connection().write(data); }

  /// write() of each. Mirrors StreamWriter.writelines.
  template <class Range>
  void writelines(const Range& pieces) const {
    std::string all;
    for (std::string_view piece : pieces) all += piece;
    write(all);
  }

  /// After what is queued, tells the peer that nothing follows; reading goes on. Mirrors StreamWriter.write_eof,
  /// can_write_eof.
  void write_eof() const { connection().write_eof(); }
  bool can_write_eof() const noexcept { return true; }

  /// When more than 64 KiB are queued, waits until no more than 16 KiB are; any number of tasks may. Throws what the
  /// connection was lost to; ConnectionResetError("Connection lost") when it was closed here. Cancelled: what is queued
  /// stays so. Allocates nothing when there is nothing to wait for. Mirrors StreamWriter.drain.
  stream::drain_wait drain() const noexcept { return stream::drain_wait(connection()); }

  /// Sends what is queued, then closes; a reader finds the end. Returns at once. Mirrors StreamWriter.close,
  /// is_closing.
  void close() const { connection().close(); }
  bool is_closing() const noexcept { return connection().is_closing(); }

  /// Closes at once and drops what is queued. Mirrors StreamWriter.transport.abort.
  void abort() const { connection().abort(); }

  /// Waits until the connection is closed. Throws what it was lost to. Mirrors StreamWriter.wait_closed.
  Coro<> wait_closed() const { return stream::connection::wait_closed(state_->source()); }

  /// How many bytes are queued. Mirrors StreamWriter.transport.get_write_buffer_size.
  std::size_t queued() const noexcept { return connection().queued(); }

  /// Mirror get_extra_info("peername") and ("sockname"); the second is of no family once the connection is closed.
  net::address peername() const noexcept { return connection().peer(); }
  net::address sockname() const noexcept { return connection().local(); }

  /// "peername" or "sockname" as Python prints them: "('127.0.0.1', 50000)"; "None" for others. Mirrors
  /// StreamWriter.get_extra_info.
  std::string get_extra_info(std::string_view name) const {
    if (name == "peername") return peername().str();
    if (name == "sockname") return sockname().str();
    return "None";
  }

  friend bool operator==(const StreamWriter&, const StreamWriter&) = default;

 private:
  stream::connection& connection() const noexcept { return *state_->source(); }

  std::shared_ptr<stream::reader_state> state_;  // which has a connection
};

}  // namespace hocket
