// An HTTP/1.1 server: start one with serve(), give it a handler.
//
//   asyncio::Coro<http::Response> hello(const http::Request& request) { co_return http::Response("hello\n"); }
//   ...
//   http::Server server = co_await http::serve(hello, "127.0.0.1", 8080);
//   co_await server.serve_forever();
//
// Each connection is a task. Its requests are answered one after another, in order, also when the client pipelines
// them; the answers to what has arrived together leave together. In the parallel door connections run on any worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <hocket/http/limits.hpp>
#include <hocket/http/message.hpp>
#include <hocket/loop/coro.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace hocket::http {

class server_core;

/// Answers one request. What it throws is reported, and answered 500; the connection lives on.
using Handler = std::function<Coro<Response>(const Request&)>;

/// Times in seconds. They are looked at a few times within each, so an end may come a little late, never early.
struct ServerOptions {
  Limits limits = {};
  double header_timeout =
      10;  ///< from a request's first byte, or from the connection's begin, to the end of its head: 408
  double body_timeout = 30;              ///< from there to the end of the body: 408
  double idle_timeout = 75;              ///< between two requests: closed
  double write_timeout = 30;             ///< a client that does not take its answer: closed
  std::size_t max_connections = 10'000;  ///< more are answered 503 and closed
  int backlog = 1024;                    ///< connections that the kernel keeps waiting; it may hold that down
};

struct ServerFigures {
  std::size_t connections = 0;       ///< open now
  std::uint64_t accepted = 0;        ///< connections ever
  std::uint64_t turned_away = 0;     ///< of these, answered 503 because there were too many
  std::uint64_t requests = 0;        ///< answered by the handler
  std::uint64_t refused = 0;         ///< not HTTP, or over a limit: answered 4xx without the handler
  std::uint64_t handler_errors = 0;  ///< of the requests, those answered 500 because the handler failed
  std::uint64_t timeouts = 0;        ///< connections ended by one of the timeouts
};

/// A counted handle: a copy is the same server. Any thread.
class Server {
 public:
  explicit Server(std::shared_ptr<server_core> core) noexcept : core_(std::move(core)) {}

  /// "http://127.0.0.1:8080": the first address that it listens on; empty when it is closed.
  std::string url() const;
  int port() const;

  /// Serves until it is cancelled, or closed by close(); then closes every connection, answered or not, waits for their
  /// ends, and throws CancelledError. Mirrors asyncio's Server.serve_forever.
  Coro<> serve_forever() const;

  /// Stops listening and closes idle connections. The others end with the answer they are about.
  void close() const;

  /// Waits until close() was called and no connection is left. Cancelled: the server goes on closing.
  Coro<> wait_closed() const;

  ServerFigures figures() const;

 private:
  std::shared_ptr<server_core> core_;
};

/// Listens on `host` (a name or an address) and `port` (0: any free one). Suspends for a name. Throws OSError, among
/// them
/// "[Errno 98] error while attempting to bind on address ('127.0.0.1', 80): address already in use"; gaierror;
/// ValueError for options that make no sense. In a loop.
Coro<Server> serve(Handler handler, std::string host, int port, ServerOptions options = {});

}  // namespace hocket::http
