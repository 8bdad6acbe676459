// What is behind a StreamReader: the bytes that have come and were not yet read, and who waits for more.
//
// They come from a connection, which is asked only when somebody reads (nothing is read ahead, so a peer that sends too
// fast is slowed down by TCP itself), or are fed by hand. A read that is cancelled leaves them here. It is also what
// both ends' handles share: when it goes, the connection is closed.
//
// Calls: any thread; one task may wait for bytes at a time. mutex_, which is the socket's lock for reading where there
// is a connection, is held across a receive that does not block.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/loop/coro.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <hocket/stream/byte_buffer.hpp>
#include <hocket/stream/connection.hpp>

namespace hocket::stream {

class arrival;

class reader_state {
 public:
  /// Without a connection: fed by hand. Throws ValueError("Limit cannot be <= 0").
  reader_state(std::shared_ptr<connection> source, std::size_t limit);
  reader_state(const reader_state&) = delete;
  reader_state& operator=(const reader_state&) = delete;
  ~reader_state();

  // As the functions of StreamReader. Each keeps the state alive while it waits.
  static Coro<std::string> read(std::shared_ptr<reader_state> self, long long n);
  static Coro<std::string> readexactly(std::shared_ptr<reader_state> self, long long n);
  static Coro<std::string> readuntil(std::shared_ptr<reader_state> self, std::string separator);
  static Coro<std::string> readline(std::shared_ptr<reader_state> self);
  static Coro<std::size_t> readinto(std::shared_ptr<reader_state> self, std::span<char> into);
  static Coro<bool> fill(std::shared_ptr<reader_state> self);

  void feed(std::string_view bytes);
  void feed_eof();
  void set_exception(std::exception_ptr e);
  std::exception_ptr exception() const;
  bool at_eof() const noexcept;
  std::string_view buffered() const noexcept;
  void consume(std::size_t bytes) noexcept;

  const std::shared_ptr<connection>& source() const noexcept { return source_; }

 private:
  friend class arrival;

  struct found {
    std::optional<std::string> text;  // with the separator
    bool ended = false;               // none, and there will be none
    std::size_t looked_at = 0;        // bytes
  };

  net::attempt receive_locked(std::span<char> into);
  bool has_locked(std::size_t bytes) const noexcept { return eof_ || buffer_.size() >= bytes; }
  void check_alone_locked(const char* who) const;
  void end_after(net::attempt failed);
  void throw_if_failed() const;
  found find(std::string_view separator, std::size_t& searched);
  std::string take(std::size_t bytes);
  std::size_t take_into(std::span<char> into);
  void drop_overlong_line(std::size_t consumed);
  template <class Change>
  void wake_after(Change change);

  const std::shared_ptr<connection> source_;
  const std::size_t limit_;

  mutable rt::futex_mutex own_mutex_;
  rt::futex_mutex& mutex_;
  // guarded by mutex_
  byte_buffer buffer_;
  std::size_t receive_size_;  // bytes that the next receive makes room for
  bool eof_ = false;
  bool drained_ = false;  // the last receive left nothing behind: the next one waits first
  bool waiting_ = false;  // a task waits for bytes
  std::exception_ptr exception_;
  arrival* fed_ = nullptr;  // the task's wait, while it waits to be fed

  std::atomic<bool> has_exception_{false};  // exception_ was set: saves those who only ask the mutex
  int unbroken_ = 0;                        // receives in a row that did not wait; the reading task only
};

/// Waits until so many bytes are here, or the end. Gives whether they are: if not, something came, or nothing did after
/// all, and the reader waits again. Throws what the connection was lost to; RuntimeError when another task waits.
///
/// It asks the socket when there is a chance, and suspends when there is none. `into` is for who reads nothing but what
/// comes next: while the buffer is empty it is received straight into that, and received() says how much.
class [[nodiscard("co_await it")]] arrival final : public rt::leaf_awaiter, private rt::io_op {
 public:
  arrival(reader_state& state, std::size_t wanted, const char* who, std::span<char> into = {}) noexcept
      : state_(state), wanted_(wanted), who_(who), into_(into) {}
  arrival(const arrival&) = delete;
  arrival& operator=(const arrival&) = delete;

  bool await_ready();
  bool commit(rt::task_base& self) noexcept override;
  bool cancel(rt::task_base& self) noexcept override;
  bool await_resume();

  std::size_t received() const noexcept { return received_; }

 private:
  friend class reader_state;

  void run() noexcept override { wake(*task_); }

  void throw_if_cancelled();
  net::attempt receive_locked();

  reader_state& state_;
  const std::size_t wanted_;
  const char* const who_;
  const std::span<char> into_;
  std::size_t received_ = 0;  // of into_
  std::size_t seen_ = 0;      // fed by hand: bytes that were there when it began to wait
  bool enough_ = false;
  bool gives_way_ = false;    // nothing to wait for: it suspends for the others' sake
  bool begins_anew_ = false;  // its task had to give way before it could look
  bool cancelled_ = false;    // written by the canceller before the wake
};

}  // namespace hocket::stream
