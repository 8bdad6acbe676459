#include <hocket/net/address.hpp>

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <cstring>
#include <ostream>

namespace hocket::net {
namespace {

/// "2" or "eth0"; 0 when there is no such interface.
std::uint32_t parse_scope(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return ::if_nametoindex(text.c_str());
}

}  // namespace

address::address() noexcept {
  std::memset(&storage_, 0, sizeof storage_);
  storage_.any.sa_family = AF_UNSPEC;
}

std::optional<address> address::parse(std::string_view literal, std::uint16_t port) {
  if (literal.find('\0') != std::string_view::npos) return std::nullopt;
  address result;
  const auto percent = literal.find('%');
  const std::string host(literal.substr(0, percent));
  if (percent == std::string_view::npos && ::inet_pton(AF_INET, host.c_str(), &result.storage_.v4.sin_addr) == 1) {
    result.storage_.v4.sin_family = AF_INET;
    result.storage_.v4.sin_port = htons(port);
    return result;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &result.storage_.v6.sin6_addr) != 1) return std::nullopt;
  result.storage_.v6.sin6_family = AF_INET6;
  result.storage_.v6.sin6_port = htons(port);
  if (percent != std::string_view::npos) {
    result.storage_.v6.sin6_scope_id = parse_scope(std::string(literal.substr(percent + 1)));
    if (result.storage_.v6.sin6_scope_id == 0) return std::nullopt;
  }
  return result;
}

address address::from(const sockaddr* raw, socklen_t size) noexcept {
  address result;
  if (raw->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    std::memcpy(&result.storage_.v4, raw, sizeof(sockaddr_in));
  } else if (raw->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    std::memcpy(&result.storage_.v6, raw, sizeof(sockaddr_in6));
  }
  return result;
}

address address::any_v4(std::uint16_t port) noexcept {
  address result;
  result.storage_.v4.sin_family = AF_INET;
  result.storage_.v4.sin_port = htons(port);
  result.storage_.v4.sin_addr.s_addr = htonl(INADDR_ANY);
  return result;
}

address address::any_v6(std::uint16_t port) noexcept {
  address result;
  result.storage_.v6.sin6_family = AF_INET6;
  result.storage_.v6.sin6_port = htons(port);
  result.storage_.v6.sin6_addr = in6addr_any;
  return result;
}

std::string address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) ::inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof text);
  if (family() == AF_INET6) ::inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
  return text;
}

std::uint16_t address::port() const noexcept {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

std::uint32_t address::scope_id() const noexcept { return family() == AF_INET6 ? storage_.v6.sin6_scope_id : 0; }

std::string address::str() const {
  if (family() == AF_UNSPEC) return "None";
  std::string text = "('" + host() + "', " + std::to_string(port());
  if (family() == AF_INET6) {
    text += ", " + std::to_string(ntohl(storage_.v6.sin6_flowinfo)) + ", " + std::to_string(scope_id());
  }
  return text + ")";
}

socklen_t address::size() const noexcept {
  if (family() == AF_INET) return sizeof(sockaddr_in);
  if (family() == AF_INET6) return sizeof(sockaddr_in6);
  return sizeof(sockaddr);
}

bool operator==(const address& a, const address& b) noexcept {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.family() == AF_INET) return a.storage_.v4.sin_addr.s_addr == b.storage_.v4.sin_addr.s_addr;
  if (a.family() == AF_INET6) {
    return IN6_ARE_ADDR_EQUAL(&a.storage_.v6.sin6_addr, &b.storage_.v6.sin6_addr) && a.scope_id() == b.scope_id();
  }
  return true;
}

std::ostream& operator<<(std::ostream& out, const address& a) { return out << a.str(); }

}  // namespace hocket::net
