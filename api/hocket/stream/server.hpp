// start_server: for each connection that comes, a task with a pair of streams.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/net/address.hpp>
#include <hocket/stream/reader.hpp>
#include <hocket/stream/writer.hpp>

namespace hocket {

namespace stream {
class server_state;
using connected_callback = std::function<Coro<>(StreamReader, StreamWriter)>;
}  // namespace stream

struct ServerOptions {
  std::size_t limit = default_limit;  // bytes before a separator, for the readers
  int backlog = 100;                  // connections that the kernel keeps waiting; it may hold that down
  std::size_t max_connections = 0;    // open at once; more wait in the backlog. 0: no limit
  int family = 0;                     // AF_INET or AF_INET6; 0 for both
  bool reuse_address = true;
  bool reuse_port = false;
  bool start_serving = true;
};

/// A counted handle: a copy is the same server. Dropping every handle does not stop it. Any thread. Mirrors
/// asyncio.Server.
class Server {
 public:
  explicit Server(std::shared_ptr<stream::server_state> state) noexcept : state_(std::move(state)) {}

  /// Where it listens; empty once it is closed. Mirrors Server.sockets and getsockname().
  std::vector<net::address> sockets() const;
  /// The port of the first of them, 0 when it is closed.
  int port() const;

  bool is_serving() const noexcept;

  /// Begins to accept. Does nothing when it does already. Mirrors Server.start_serving.
  Coro<> start_serving() const;

  /// Accepts until it is cancelled or the server is closed; then closes the server and its connections, waits for their
  /// end, and throws CancelledError. Throws RuntimeError when it is closed, or is being awaited here already. Mirrors
  /// Server.serve_forever.
  Coro<> serve_forever() const;

  /// Stops listening. Connections stay. Mirrors Server.close.
  void close() const;

  /// Waits until it is closed and no connection is left. Mirrors Server.wait_closed.
  Coro<> wait_closed() const;

  /// close() or abort() of every open connection. Mirror Server.close_clients, abort_clients.
  void close_clients() const;
  void abort_clients() const;

  /// How many connections are open.
  std::size_t connections() const noexcept;

  friend bool operator==(const Server&, const Server&) = default;
  /// `<Server sockets=(('127.0.0.1', 8080),)>`
  friend std::ostream& operator<<(std::ostream& out, const Server& s);

 private:
  std::shared_ptr<stream::server_state> state_;
};

namespace stream {
Coro<Server> start_server(connected_callback callback, std::optional<std::string> host, int port,
                          ServerOptions options);
}

/// Listens on `host` (a name or a literal address; empty or nullopt: all interfaces) and `port` (0: any free one), and
/// runs `callback(reader, writer)`, a coroutine or plain function, for each connection, a coroutine as a task of this
/// loop. The server keeps the callback. An exception in it is reported ("Unhandled exception in client_connected_cb")
/// and closes its connection, nothing else. When descriptors or memory run out, it is said once and accepting pauses
/// for a second. Suspends for a name. Throws OSError "[Errno 98] error while attempting to bind on address
/// ('127.0.0.1', 80): address already in use"; gaierror; ValueError. Mirrors asyncio.start_server, without ssl.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&, StreamReader, StreamWriter>
Coro<Server> start_server(F&& callback, std::optional<std::string_view> host, int port, ServerOptions options = {}) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  std::optional<std::string> name;
  if (host) name.emplace(*host);
  if constexpr (std::is_void_v<std::invoke_result_t<std::decay_t<F>&, StreamReader, StreamWriter>>) {
    auto plain = [f = std::forward<F>(callback)](StreamReader r, StreamWriter w) mutable -> Coro<> {
      f(std::move(r), std::move(w));
      co_return;
    };
    return stream::start_server(std::move(plain), std::move(name), port, options);
  } else {
    return stream::start_server(std::forward<F>(callback), std::move(name), port, options);
  }
}

}  // namespace hocket
