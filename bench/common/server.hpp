// What every server of the benches does, in whatever language: listens on a free port of 127.0.0.1, prints it on a line
// of its own, and serves until it is killed.
//
//   <program> [--workers N]
//
// Who measures it is the launcher of its folder: server_load.hpp.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

#include "common/bench.hpp"

namespace bench {

inline void announce(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
}

[[noreturn]] inline void give_up(const char* call) {
  std::perror(call);
  std::exit(1);
}

/// For servers without a library: a socket that listens and does not block, and its port is announced.
inline int listen_and_announce() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&where), size) < 0 || ::listen(fd, 1024) < 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) < 0)
    give_up("listen");
  announce(ntohs(where.sin_port));
  return fd;
}

inline void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace bench
