// Where a socket is or connects to: an IPv4 or IPv6 address with a port, as a value.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::net {

class address {
 public:
  /// Of no family; what an unconnected socket has for a peer.
  address() noexcept;

  /// Reads a literal: "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1%2". Empty when it is none (then it may be a name:
  /// see resolve()), also when it has a NUL byte or names an interface that is not there. Never looks anything up
  /// elsewhere.
  static std::optional<address> parse(std::string_view literal, std::uint16_t port);

  /// Takes what the kernel or getaddrinfo gave. Of no family when it is neither IPv4 nor IPv6, or too short.
  static address from(const sockaddr* raw, socklen_t size) noexcept;

  /// All interfaces, for a server.
  static address any_v4(std::uint16_t port) noexcept;
  static address any_v6(std::uint16_t port) noexcept;

  /// AF_INET, AF_INET6 or AF_UNSPEC.
  int family() const noexcept { return storage_.any.sa_family; }
  explicit operator bool() const noexcept { return family() != AF_UNSPEC; }

  /// "127.0.0.1", "::1": without port and scope, as Python's address tuples have it. Empty when of no family.
  std::string host() const;
  std::uint16_t port() const noexcept;
  /// The interface of a link-local IPv6 address, by number; 0 for none.
  std::uint32_t scope_id() const noexcept;

  /// As Python writes the tuple: "('127.0.0.1', 80)", "('::1', 80, 0, 0)"; "None" when of no family.
  std::string str() const;

  /// For system calls.
  const sockaddr* data() const noexcept { return &storage_.any; }
  socklen_t size() const noexcept;

  friend bool operator==(const address& a, const address& b) noexcept;
  friend std::ostream& operator<<(std::ostream& out, const address& a);

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_;
};

}  // namespace hocket::net
