// The URLs that `hocket load` takes: http://HOST[:PORT][/PATH][?QUERY], where HOST is a name, an IPv4 address or an
// IPv6 address in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hocket::tools {

struct url {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string target = "/";  // path and query, as sent

  /// What the Host header says: brackets around IPv6, the port unless it is 80.
  std::string authority() const;
};

/// Throws std::invalid_argument with one line that names the text and what is wrong with it.
url parse_url(std::string_view text);

}  // namespace hocket::tools
