#include <hocket/net/addr_info.hpp>

#include <cerrno>
#include <memory>
#include <utility>

#include <hocket/loop/to_thread.hpp>
#include <hocket/net/errors.hpp>

namespace hocket {
namespace {

/// What the resolver gave. The error travels as a number and is thrown where it is awaited.
template <class T>
struct answer {
  T found;
  int code = 0;          // EAI_
  int system_error = 0;  // for EAI_SYSTEM

  T value() && {
    if (code == EAI_SYSTEM) net::throw_os_error(system_error);
    if (code != 0) throw gaierror(code, "[Errno " + std::to_string(code) + "] " + ::gai_strerror(code));
    return std::move(found);
  }
};

/// Blocks: in the pool only.
answer<std::vector<AddrInfo>> look_up(const std::string& host, const std::string& port,
                                      const AddrInfoOptions& options) {
  addrinfo hints{};
  hints.ai_family = options.family;
  hints.ai_socktype = options.type;
  hints.ai_protocol = options.proto;
  hints.ai_flags = options.flags;
  addrinfo* found = nullptr;
  answer<std::vector<AddrInfo>> result;
  result.code =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.empty() ? nullptr : port.c_str(), &hints, &found);
  if (result.code != 0) {
    result.system_error = errno;
    return result;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* a = found; a; a = a->ai_next) {
    result.found.push_back({.family = a->ai_family,
                            .type = a->ai_socktype,
                            .proto = a->ai_protocol,
                            .canonname = a->ai_canonname ? a->ai_canonname : "",
                            .sockaddr = net::address::from(a->ai_addr, a->ai_addrlen)});
  }
  return result;
}

/// Blocks: in the pool only.
answer<NameInfo> look_up_name(const net::address& address, int flags) {
  char host[NI_MAXHOST] = {}, port[NI_MAXSERV] = {};
  answer<NameInfo> result;
  result.code = ::getnameinfo(address.data(), address.size(), host, sizeof host, port, sizeof port, flags);
  result.system_error = errno;
  result.found = {host, port};
  return result;
}

Coro<std::vector<AddrInfo>> ask(std::string host, std::string port, AddrInfoOptions options) {
  if (host.find('\0') != std::string::npos || port.find('\0') != std::string::npos)
    throw ValueError("embedded null character");
  auto got = co_await to_thread(&look_up, std::move(host), std::move(port), options);
  co_return std::move(got).value();
}

}  // namespace

Coro<std::vector<AddrInfo>> EventLoop::getaddrinfo(std::string host, std::string port) const {
  return ask(std::move(host), std::move(port), {});
}

Coro<std::vector<AddrInfo>> EventLoop::getaddrinfo(std::string host, std::string port, AddrInfoOptions options) const {
  return ask(std::move(host), std::move(port), options);
}

Coro<NameInfo> EventLoop::getnameinfo(net::address address, int flags) const {
  auto got = co_await to_thread(&look_up_name, address, flags);
  co_return std::move(got).value();
}

}  // namespace hocket
