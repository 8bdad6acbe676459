#include <hocket/net/resolve.hpp>

#include <netdb.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include <hocket/loop/to_thread.hpp>
#include <hocket/net/errors.hpp>
#include <hocket/rt/base/fd.hpp>

namespace hocket::net {
namespace {

std::uint16_t checked_port(int port) {
  if (port < 0 || port > 65535) throw ValueError("port must be 0-65535, not " + std::to_string(port));
  return static_cast<std::uint16_t>(port);
}

bool fits(int family, int wanted) noexcept { return wanted == AF_UNSPEC || family == wanted; }

bool has_ipv6() noexcept {
  const rt::unique_fd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return static_cast<bool>(probe);
}

/// What getaddrinfo gave. The error travels as a number and is thrown where it is awaited.
struct answer {
  std::vector<address> found;
  int code = 0;          // EAI_
  int system_error = 0;  // for EAI_SYSTEM
};

/// Blocks: in the pool only.
answer look_up(const std::string& host, std::uint16_t port, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  answer result;
  result.code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result.code != 0) {
    result.system_error = errno;
    return result;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* a = found; a; a = a->ai_next) {
    if (const address candidate = address::from(a->ai_addr, a->ai_addrlen)) result.found.push_back(candidate);
  }
  return result;
}

[[noreturn]] void throw_gaierror(const std::string& host, int code, int system_error = 0) {
  const std::string call = "getaddrinfo(" + host + "): ";
  if (code == EAI_SYSTEM) throw_os_error(system_error, call + std::generic_category().message(system_error));
  throw gaierror(code, call + ::gai_strerror(code));
}

}  // namespace

Coro<std::vector<address>> resolve(std::string host, int port, int family) {
  const std::uint16_t number = checked_port(port);
  if (host.find('\0') != std::string::npos) throw ValueError("embedded null character");
  if (host.empty()) throw_gaierror(host, EAI_NONAME);
  if (const auto literal = address::parse(host, number)) {
    if (!fits(literal->family(), family)) throw_gaierror(host, EAI_ADDRFAMILY);
    co_return std::vector<address>(1, *literal);
  }
  answer got = co_await to_thread(&look_up, host, number, family);
  if (got.code != 0) throw_gaierror(host, got.code, got.system_error);
  if (got.found.empty()) throw OSError("getaddrinfo(" + host + ") returned empty list");
  co_return std::move(got.found);
}

std::vector<address> any_address(int port, int family) {
  const std::uint16_t number = checked_port(port);
  std::vector<address> result;
  if (fits(AF_INET, family)) result.push_back(address::any_v4(number));
  if (fits(AF_INET6, family) && has_ipv6()) result.push_back(address::any_v6(number));
  return result;
}

}  // namespace hocket::net
