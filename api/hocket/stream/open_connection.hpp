// open_connection: a client's way to a pair of streams.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/stream/reader.hpp>
#include <hocket/stream/writer.hpp>

namespace hocket {

/// Both ends: `auto [reader, writer] = co_await open_connection("127.0.0.1", 8080);`
struct Connection {
  Connection(StreamReader r, StreamWriter w) noexcept : reader(std::move(r)), writer(std::move(w)) {}
  StreamReader reader;
  StreamWriter writer;
};

struct OpenOptions {
  std::size_t limit = default_limit;  // bytes before a separator
  int family = 0;                     // AF_INET or AF_INET6; 0 for both
  std::string_view local_host = {};   // a literal address to connect from
  int local_port = 0;
};

/// Connects to `host`, a name or a literal address. Its addresses are tried one after the other. Suspends. Cancelled:
/// nothing stays open. Throws gaierror "getaddrinfo(no-such-host.invalid): Name or service not known"; OSError of the
/// attempt, or when several fail differently one with all texts: "[Errno 111] Connect call failed ('127.0.0.1', 9)";
/// ValueError for a port outside 0 to 65535. Mirrors asyncio.open_connection, without ssl and happy eyeballs.
Coro<Connection> open_connection(std::string_view host, int port, OpenOptions options = {});

}  // namespace hocket
