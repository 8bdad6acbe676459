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
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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
  using separators = std::variant<std::string, std::vector<std::string>>;

  /// Without a connection: fed by hand. Throws ValueError("Limit cannot be <= 0").
  reader_state(std::shared_ptr<connection> source, std::size_t limit);
  reader_state(const reader_state&) = delete;
  reader_state& operator=(const reader_state&) = delete;
  ~reader_state();

  // As the functions of StreamReader. Each keeps the state alive while it waits.
  static Coro<std::string> read(std::shared_ptr<reader_state> self, long long n);
  static Coro<std::string> readexactly(std::shared_ptr<reader_state> self, long long n);
  static Coro<std::string> readuntil(std::shared_ptr<reader_state> self, separators any);
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
  friend class readinto_wait;

  struct found {
    std::optional<std::string> text;  // with the separator
    bool ended = false;               // none, and there will be none
    std::size_t looked_at = 0;        // bytes
  };

  inline net::attempt receive_locked(std::span<char> into);
  bool has_locked(std::size_t bytes) const noexcept { return eof_ || buffer_.size() >= bytes; }
  void end_after(int error);
  void throw_if_failed() const;
  found find(std::span<const std::string> separators, std::size_t& searched);
  std::string take(std::size_t bytes);
  std::size_t take_into(std::span<char> into);
  void drop_overlong_line(std::size_t consumed);
  template <class Change>
  void wake_after(Change change);

  // A read into the caller's own memory needs what stands before the buffer, on one cache line.
  const std::shared_ptr<connection> source_;
  const std::size_t limit_;
  rt::futex_mutex& mutex_;
  mutable rt::futex_mutex own_mutex_;
  std::atomic<bool> has_exception_{false};  // exception_ was set: saves those who only ask the mutex
  // guarded by mutex_
  bool eof_ = false;
  bool drained_ = false;  // the last receive left nothing behind: the next one waits first
  bool waiting_ = false;  // a task waits for bytes
  int unbroken_ = 0;      // receives in a row that did not wait
  byte_buffer buffer_;
  std::size_t receive_size_;  // bytes that the next receive makes room for
  arrival* fed_ = nullptr;    // the task's wait, while it waits to be fed
  std::exception_ptr exception_;
};

/// Waits until so many bytes are here, or the end. Throws what the connection was lost to; RuntimeError when another
/// task waits.
///
/// It asks the socket when there is a chance, and suspends when there is none. Woken, it asks again before its
/// coroutine resumes (rt::task_base::ask_again), so a wake without cause costs a look and no more, and between a wake
/// and the resume there is no moment at which a cancel could find bytes in its hands. `into` is for who reads nothing
/// but what comes next: while the buffer is empty it is received straight into that, and received() says how much.
class [[nodiscard("co_await it")]] arrival final : public rt::leaf_awaiter, private rt::io_op {
 public:
  arrival(reader_state& state, std::size_t wanted, const char* who, std::span<char> into = {}) noexcept
      : state_(state), wanted_(wanted), who_(who), into_(into) {}
  arrival(const arrival&) = delete;
  arrival& operator=(const arrival&) = delete;

  bool await_ready() noexcept { return !rt::must_give_way() && look(); }
  bool commit(rt::task_base& self) noexcept override;
  bool cancel(rt::task_base& self) noexcept override;
  void await_resume();

  std::span<char> into() const noexcept { return into_; }
  std::size_t received() const noexcept { return received_; }

 private:
  friend class reader_state;

  enum class step : std::uint8_t {
    look,      // if there is a chance that something came
    receive,   // something did, says who woke it
    wait,      // nothing is there
    give_way,  // perhaps there is, but its task has gone on for long: others first
  };
  enum class outcome : std::uint8_t { none, here, failed, lost, refused, no_memory };

  void run() noexcept override { wake(*task_); }

  bool look() noexcept;
  inline bool look_in_place() noexcept;
  inline step take_locked();
  bool wait() noexcept;
  step end_locked(outcome o) noexcept;

  reader_state& state_;
  const std::size_t wanted_;
  const char* const who_;
  const std::span<char> into_;
  std::size_t received_ = 0;  // of into_
  std::size_t seen_ = 0;      // fed by hand: bytes that were there when it began to wait
  int error_ = 0;             // what the connection was lost to
  step step_ = step::look;
  outcome outcome_ = outcome::none;
  bool waits_ = false;      // state_.waiting_ is this one's
  bool cancelled_ = false;  // written by the canceller before the wake
};

/// What StreamReader::readinto gives: it needs no frame of its own, only a reference to the reader while it waits.
class [[nodiscard("co_await it")]] readinto_wait {
 public:
  using value_type = std::size_t;
  readinto_wait(std::shared_ptr<reader_state> state, std::span<char> into) noexcept
      : state_(std::move(state)), next_(*state_, 1, "readinto", into) {}

  bool await_ready() {
    state_->throw_if_failed();
    return next_.into().empty() || next_.await_ready();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h,
                     std::source_location where = std::source_location::current()) noexcept {
    next_.await_suspend(h, where);
  }
  std::size_t await_resume() {
    if (next_.into().empty()) return 0;
    next_.await_resume();
    return next_.received() > 0 ? next_.received() : state_->take_into(next_.into());
  }

  operator Coro<std::size_t>() && { return reader_state::readinto(std::move(state_), next_.into()); }

 private:
  std::shared_ptr<reader_state> state_;
  arrival next_;
};

}  // namespace hocket::stream
