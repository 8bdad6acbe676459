#include <hocket/stream/open_connection.hpp>

#include <algorithm>
#include <optional>
#include <vector>

#include <hocket/net/errors.hpp>
#include <hocket/net/resolve.hpp>

namespace hocket {
namespace {

net::address parse_local(std::string_view host, int port) {
  if (host.empty()) return {};
  const auto local = net::address::parse(host, static_cast<std::uint16_t>(port));
  if (!local) throw ValueError("local_host is no literal address: " + std::string(host));
  return *local;
}

/// One of them when they say the same.
[[noreturn]] void throw_all(const std::vector<std::exception_ptr>& errors, const std::vector<std::string>& texts) {
  const bool alike = std::all_of(texts.begin(), texts.end(), [&](const std::string& t) { return t == texts.front(); });
  if (alike) std::rethrow_exception(errors.front());
  std::string joined;
  for (const std::string& t : texts) joined += (joined.empty() ? "" : ", ") + t;
  throw OSError("Multiple exceptions: " + joined);
}

Coro<Connection> connect_to(std::string host, int port, std::size_t limit, int family, net::address local) {
  const std::vector<net::address> candidates = co_await net::resolve(std::move(host), port, family);
  std::vector<std::exception_ptr> errors;
  std::vector<std::string> texts;
  for (const net::address& peer : candidates) {
    try {
      net::socket s = co_await net::socket::connect(peer, local);
      auto connection = std::make_shared<stream::connection>(std::move(s), peer, nullptr);
      auto state = std::make_shared<stream::reader_state>(std::move(connection), limit);
      co_return Connection(StreamReader(state), StreamWriter(state));
    } catch (const OSError& e) {
      errors.push_back(std::current_exception());
      texts.push_back(e.what());
    }
  }
  throw_all(errors, texts);
}

}  // namespace

Coro<Connection> open_connection(std::string_view host, int port, OpenOptions options) {
  return connect_to(std::string(host), port, options.limit, options.family,
                    parse_local(options.local_host, options.local_port));
}

}  // namespace hocket
