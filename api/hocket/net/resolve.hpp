// Names to addresses, by getaddrinfo in the blocking pool; literal addresses and "all interfaces" at once.
#pragma once

#include <string>
#include <vector>

#include <hocket/loop/coro.hpp>
#include <hocket/net/address.hpp>

namespace hocket::net {

/// The stream addresses of `host`, in the order in which to try them; never empty. `family` is AF_UNSPEC, AF_INET or
/// AF_INET6. Suspends only for a name. Cancelled: returns at once, and the look-up ends by itself in its thread. Throws
/// gaierror "getaddrinfo(no-such-host.invalid): Name or service not known"; ValueError for a port outside 0 to 65535 or
/// a NUL byte in the name.
Coro<std::vector<address>> resolve(std::string host, int port, int family = AF_UNSPEC);

/// All interfaces, IPv4 then IPv6, as far as `family` allows and the machine has it.
std::vector<address> any_address(int port, int family = AF_UNSPEC);

}  // namespace hocket::net
