// StreamReader: the bytes that come from a connection. A counted handle: a copy is the same reader.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/stream/errors.hpp>
#include <hocket/stream/reader_state.hpp>

namespace hocket {

class LineIterator;

inline constexpr std::size_t default_limit = 64 * 1024;  // bytes

/// Bytes are std::string. Every reading function: suspends only when it must wait for the peer; cancelled, it loses no
/// byte that has come (the next read gives it); any thread, one task at a time: a second one that would have to wait
/// gets RuntimeError "read() called while another coroutine is already waiting for incoming data"; throws what the
/// connection was lost to (ConnectionResetError and other OSErrors). After the connection was closed here it reads as
/// ended.
///
/// Difference to asyncio: nothing is read ahead. A peer that closes or resets is noticed by the next read or write.
class StreamReader {
 public:
  /// Not of a connection: for bytes that are fed by hand. Throws ValueError("Limit cannot be <= 0").
  explicit StreamReader(std::size_t limit = default_limit)
      : state_(std::make_shared<stream::reader_state>(nullptr, limit)) {}
  explicit StreamReader(std::shared_ptr<stream::reader_state> state) noexcept : state_(std::move(state)) {}

  /// At least one byte and at most `n`, as soon as there are any; empty at the end, or for n = 0. For n < 0 all until
  /// the end, however much that is. Mirrors StreamReader.read.
  Coro<std::string> read(long long n = -1) const { return stream::reader_state::read(state_, n); }

  /// One line with its "\n"; what is left, perhaps nothing, at the end. Throws ValueError when it is longer than the
  /// limit; the line, or what has come of it, is gone then. Mirrors StreamReader.readline.
  Coro<std::string> readline() const { return stream::reader_state::readline(state_); }

  /// Exactly `n` bytes. Throws IncompleteReadError with what there was when the end comes first; ValueError for n < 0.
  /// Mirrors StreamReader.readexactly.
  Coro<std::string> readexactly(long long n) const { return stream::reader_state::readexactly(state_, n); }

  /// Up to and with `separator`. Throws IncompleteReadError at the end; LimitOverrunError when more than the limit
  /// would stand before the separator, and then leaves the bytes; ValueError for an empty one. Mirrors
  /// StreamReader.readuntil.
  Coro<std::string> readuntil(std::string separator = "\n") const {
    return stream::reader_state::readuntil(state_, std::move(separator));
  }
  /// Up to and with the separator that ends first, of those that end there the shortest: `readuntil("\r\n", "\n")`.
  /// That one counts for LimitOverrunError. ValueError for none. Mirrors StreamReader.readuntil of a tuple.
  Coro<std::string> readuntil(std::vector<std::string> separators) const {
    return stream::reader_state::readuntil(state_, std::move(separators));
  }
  template <std::convertible_to<std::string_view>... More>
    requires(sizeof...(More) > 0)
  Coro<std::string> readuntil(std::string_view separator, const More&... more) const {
    return readuntil(std::vector<std::string>{std::string(separator), std::string(std::string_view(more))...});
  }

  /// Lines by readline() until the end: `ASYNC_FOR(std::string line, reader) { ... }`. Mirrors `async for line in
  /// reader`.
  Coro<LineIterator> begin() const;
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The end has come and everything before it was read. Mirrors StreamReader.at_eof.
  bool at_eof() const noexcept { return state_->at_eof(); }

  /// What the connection was lost to, or null. Mirrors StreamReader.exception.
  std::exception_ptr exception() const { return state_->exception(); }

  // Feeding by hand. Any thread. Mirror StreamReader.feed_data, feed_eof, set_exception.
  void feed_data(std::string_view bytes) const { state_->feed(bytes); }
  void feed_eof() const { state_->feed_eof(); }
  void set_exception(std::exception_ptr e) const { state_->set_exception(std::move(e)); }

  // Without a copy; asyncio has none of these.

  /// As read(into.size()), but the bytes go to `into`, straight from the kernel when none were buffered; gives their
  /// number. `into` must live until it returns. Allocates nothing, unless it is made a coroutine or a task. Named after
  /// io.RawIOBase.readinto.
  stream::readinto_wait readinto(std::span<char> into) const { return {state_, into}; }

  /// What has come and was not read. Valid until the next call that reads, consumes or feeds.
  std::string_view buffered() const noexcept { return state_->buffered(); }
  /// Takes the first `bytes` of it away.
  void consume(std::size_t bytes) const noexcept { state_->consume(bytes); }
  /// The same without a frame: waits until `bytes` are buffered, or the end has come. The reader must live until then.
  stream::arrival arrival(std::size_t bytes) const noexcept { return stream::arrival(*state_, bytes, "arrival"); }
  /// Waits until more is buffered; false when the end came instead.
  Coro<bool> fill() const { return stream::reader_state::fill(state_); }

  friend bool operator==(const StreamReader&, const StreamReader&) = default;

 private:
  std::shared_ptr<stream::reader_state> state_;
};

/// Where an ASYNC_FOR over a reader stands: at a line, or at the end.
class LineIterator {
 public:
  explicit LineIterator(StreamReader reader) noexcept : reader_(std::move(reader)) {}

  std::string& operator*() noexcept { return line_; }
  Coro<> operator++() { line_ = co_await reader_.readline(); }
  bool operator==(std::default_sentinel_t) const noexcept { return line_.empty(); }

 private:
  StreamReader reader_;
  std::string line_;
};

inline Coro<LineIterator> first_line(StreamReader reader) {
  LineIterator at(std::move(reader));
  co_await ++at;
  co_return std::move(at);
}

inline Coro<LineIterator> StreamReader::begin() const { return first_line(*this); }

}  // namespace hocket
