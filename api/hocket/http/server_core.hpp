// What is behind an http::Server: its options, its connections, and the task that ends those whose time is up.
//
// Timeouts are kept by one sweep over all connections instead of a timer for each wait: a wait costs two stores.
// Whoever takes the wait's word out of its waiting state owns what follows: the connection when bytes came, the sweep
// when the time was up, or close().
#pragma once

#include <atomic>
#include <cstdint>
#include <hocket/http/server.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/sched/counters.hpp>
#include <hocket/stream/server.hpp>
#include <hocket/sync/event.hpp>
#include <memory>
#include <optional>
#include <string>

namespace hocket::http {

/// What a connection waits for; it decides how the sweep ends it.
enum class waiting_for : std::uint8_t {
  request,          // closed
  rest_of_request,  // answered 408, closed
  room,             // for what was written; dropped
  goodbye,          // for the client to close after it was refused; closed
};

/// How long a connection may wait for its peer, and what for, in one word: so the sweep never acts on half of a change.
/// order: relaxed throughout: the word alone decides who goes on; nothing else is published through it.
class wait_limit {
 public:
  /// The connection, before it waits.
  void begin(rt::nanos deadline, waiting_for what) noexcept {
    word_.store((deadline & ~kind_mask) | static_cast<rt::nanos>(what), rt::relaxed);
  }

  /// The connection, after it waited. False: the sweep has ended the connection meanwhile.
  bool end() noexcept { return word_.exchange(not_waiting, rt::relaxed) != taken; }

  /// The sweep. When the wait is over its time at `now`, or `idle_too` and it waits for a request, the connection is
  /// from now on the sweep's to end.
  std::optional<waiting_for> take(rt::nanos now, bool idle_too) noexcept {
    rt::nanos word = word_.load(rt::relaxed);
    if (word == taken || word == not_waiting) return std::nullopt;
    const auto what = static_cast<waiting_for>(word & kind_mask);
    if (word > now && !(idle_too && what == waiting_for::request)) return std::nullopt;
    if (!word_.compare_exchange_strong(word, taken, rt::relaxed)) return std::nullopt;
    return what;
  }

 private:
  static constexpr rt::nanos kind_mask = 3;  // of a deadline in nanoseconds, two bits can be spared
  static constexpr rt::nanos taken = -1;
  static constexpr rt::nanos not_waiting = rt::never;
  std::atomic<rt::nanos> word_{not_waiting};
};

/// A connection, as the server sees it.
struct connection_entry : rt::list_node<connection_entry> {
  explicit connection_entry(StreamWriter w) : writer(std::move(w)) {}

  const StreamWriter writer;
  wait_limit limit;
  rt::own_counter requests, handler_errors;  // counted by its task
};

class server_core : public std::enable_shared_from_this<server_core> {
 public:
  server_core(Handler h, ServerOptions o);

  /// Takes the connection into the list; false when there are too many, or the server is closing.
  bool enter(connection_entry& entry);
  void leave(connection_entry& entry) noexcept;

  void close();
  bool is_closing() const noexcept {
    return closing_.load(rt::relaxed);
  }  // order: a connection sees it some request later
  ServerFigures figures() const;
  void count_refused() noexcept { refused_.fetch_add(1, rt::relaxed); }  // order: a figure for people

  static Coro<> serve_forever(std::shared_ptr<server_core> self);
  static Coro<> wait_closed(std::shared_ptr<server_core> self);
  static Coro<> sweep_forever(std::shared_ptr<server_core> self);

  const Handler handler;
  const ServerOptions options;
  const rt::nanos header_time, body_time, idle_time, write_time;
  std::optional<hocket::Server> listener;  // set once, before anyone else knows this object
  std::string host;

 private:
  void sweep(rt::nanos now);
  bool wait_until_occupied();

  std::atomic<bool> closing_{false};
  std::atomic<std::uint64_t> accepted_{0}, turned_away_{0}, refused_{0}, timeouts_{0};
  Event occupied_;  // there is a connection, or the server is closing
  Event idle_;      // the server is closing, and no connection is left

  mutable rt::futex_mutex mutex_;
  // guarded by mutex_
  rt::counted_list<connection_entry> entries_;
  std::uint64_t past_requests_ = 0, past_handler_errors_ = 0;  // of connections that have ended
};

}  // namespace hocket::http
