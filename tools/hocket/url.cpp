#include "url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace hocket::tools {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw std::invalid_argument("bad URL '" + std::string(text) + "': " + std::string(why));
}

}  // namespace

std::string url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != 80) out += ":" + std::to_string(port);
  return out;
}

url parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (text.starts_with("https://")) refuse(text, "https is not supported, only http://HOST[:PORT][/PATH]");
  if (!text.starts_with(scheme)) refuse(text, "expected http://HOST[:PORT][/PATH]");
  if (!std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; }))
    refuse(text, "blanks, control characters and non-ASCII bytes must be percent-encoded");

  std::string_view rest = text.substr(scheme.size());
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  std::string_view target = rest.substr(authority_end);
  target = target.substr(0, target.find('#'));
  if (authority.find('@') != std::string_view::npos) refuse(text, "user names are not supported");

  url out;
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) refuse(text, "'[' without ']'");
    out.host = authority.substr(1, close - 1);
    std::string_view after = authority.substr(close + 1);
    if (!after.empty() && after.front() != ':') refuse(text, "expected ':PORT' after ']'");
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) refuse(text, "an IPv6 address goes in brackets, as in http://[::1]:8080/");
    out.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
  }
  if (out.host.empty()) refuse(text, "no host");

  if (has_port) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (error != std::errc{} || end != port.data() + port.size() || value < 1 || value > 65535)
      refuse(text, "the port is a number from 1 to 65535");
    out.port = static_cast<std::uint16_t>(value);
  }
  out.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return out;
}

}  // namespace hocket::tools
