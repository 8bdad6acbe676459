// What is behind a Server: its listening sockets, a task for each that accepts, and the connections that are open.
//
//   made --start--> serving --close()--> closed, and later idle: no connection left
//
// Calls: any thread. Nothing is woken, closed or destroyed under mutex_.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/net/socket.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/stream/connection.hpp>
#include <hocket/stream/server.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::stream {

class server_state final : public connection_owner, public std::enable_shared_from_this<server_state> {
 public:
  server_state(connected_callback callback, ServerOptions options)
      : callback_(std::move(callback)), options_(options) {}

  /// Before it serves.
  void add_listener(net::socket s);

  /// From a task of the loop that is to run the connections. False when it is closed.
  bool start();
  void close() noexcept;
  static Coro<> start_serving(std::shared_ptr<server_state> self);
  static Coro<> serve_forever(std::shared_ptr<server_state> self);
  static Coro<> wait_closed(std::shared_ptr<server_state> self);
  void end_clients(bool gently) noexcept;

  bool is_serving() const noexcept;
  std::size_t connections() const noexcept;
  std::vector<net::address> addresses() const;
  std::string text() const;

 private:
  class forever_scope;
  struct accept_scope;

  void connection_lost(connection& c) noexcept override;

  static Coro<> accept_from(std::shared_ptr<server_state> self, std::size_t index);
  static Coro<> serve(std::shared_ptr<server_state> self, std::shared_ptr<reader_state> streams);
  void admit(net::socket::accepted a);
  static Coro<> pause(std::shared_ptr<server_state> self);
  std::optional<Event> wait_for_room();
  Event next_end();
  const Event& next_end_locked();

  connected_callback callback_;
  const ServerOptions options_;
  std::vector<std::unique_ptr<net::socket>> listeners_;  // not changed once it serves
  std::vector<net::address> addresses_;                  // as listeners_

  mutable rt::futex_mutex mutex_;
  // guarded by mutex_
  bool serving_ = false;
  bool closed_ = false;
  bool in_serve_forever_ = false;
  rt::counted_list<connection> connections_;
  std::optional<Event> ended_;  // while accepting waits for a connection to end
  Event closing_;               // set by close()
  Event idle_;                  // set when it is closed and no connection is left
};

}  // namespace hocket::stream
