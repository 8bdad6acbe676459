// What `hocket serve` answers: routes that wait, that compute, and that do neither, on one runtime.
#pragma once

#include <functional>
#include <hocket/http/message.hpp>
#include <hocket/http/server.hpp>
#include <hocket/loop/coro.hpp>
#include <string>

namespace hocket::tools {

struct route_options {
  bool inline_hash = false;                      // /hash in the request's own task, not through parallel()
  std::function<http::ServerFigures()> figures;  // for /stats; empty: zeros
};

/// The handler for http::serve().
http::Handler make_routes(route_options options);

/// What / says: the routes, one a line.
std::string route_list();

/// Computes until the calling thread has used so much CPU time; gives a line that says what was done. Never suspends.
std::string burn(double milliseconds);

/// The n-th Fibonacci number, by a tree of coroutines that forks at every node.
Coro<std::uint64_t> fib(int n);

}  // namespace hocket::tools
