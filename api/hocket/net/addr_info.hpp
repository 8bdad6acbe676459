// What EventLoop::getaddrinfo and getnameinfo ask and answer, as Python's socket module has it.
#pragma once

#include <netdb.h>

#include <string>
#include <vector>

#include <hocket/loop/event_loop.hpp>
#include <hocket/net/address.hpp>

namespace hocket {

/// One answer. Mirrors the tuple (family, type, proto, canonname, sockaddr).
struct AddrInfo {
  int family = AF_UNSPEC;
  int type = 0;   // SOCK_STREAM, SOCK_DGRAM, ...
  int proto = 0;  // IPPROTO_TCP, ...
  std::string canonname = {};
  net::address sockaddr = {};
};

/// What narrows the question; as the fields of addrinfo that getaddrinfo(3) takes for hints.
struct AddrInfoOptions {
  int family = AF_UNSPEC;
  int type = 0;
  int proto = 0;
  int flags = 0;  // AI_
};

/// Mirrors the tuple (host, port).
struct NameInfo {
  std::string host;
  std::string port;
  friend bool operator==(const NameInfo&, const NameInfo&) = default;
};

}  // namespace hocket
