// The load of the server benches: connections that each send a batch of requests, wait for all of the answers, and send
// the next. One thread, one epoll, no library, and no part of what it measures.
//
// All answers are of one size, which the caller knows; it looks at nothing else in them, so that it stays faster than
// any server. The latency is that of a batch.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "../tools/hocket/histogram.hpp"

namespace bench {

inline std::int64_t now_nanos() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

class closed_loop {
 public:
  /// Connects, and sends the first batch on each connection.
  closed_loop(int port, unsigned connections, std::string batch, std::size_t answer_bytes)
      : batch_(std::move(batch)), answer_bytes_(answer_bytes), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    connections_.resize(connections);
    for (connection& c : connections_) {
      c.fd = connect_to(port);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &c}};
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event) < 0) fail("epoll_ctl");
      send(c);
    }
  }
  closed_loop(const closed_loop&) = delete;
  closed_loop& operator=(const closed_loop&) = delete;
  ~closed_loop() {
    for (const connection& c : connections_) ::close(c.fd);
    ::close(epoll_);
  }

  /// Goes on for so long. Gives the number of batches answered, and adds their latencies.
  std::uint64_t run(std::int64_t nanos, hocket::tools::histogram& latencies) {
    std::uint64_t answered = 0;
    const std::int64_t until = now_nanos() + nanos;
    epoll_event events[256];
    for (std::int64_t now = 0; now < until;) {
      const int n = ::epoll_wait(epoll_, events, 256, 1000);
      if (n == 0) {
        std::fprintf(stderr, "no answer within a second\n");
        std::exit(1);
      }
      for (int i = 0; i < n; ++i) {
        auto& c = *static_cast<connection*>(events[i].data.ptr);
        const ssize_t got = ::recv(c.fd, in_, sizeof in_, 0);
        if (got <= 0) fail("recv");
        c.came += static_cast<std::size_t>(got);
        if (c.came < answer_bytes_) continue;
        if (c.came > answer_bytes_) {
          std::fprintf(stderr, "more came than was asked for\n");
          std::exit(1);
        }
        now = now_nanos();
        latencies.record(now - c.sent);
        ++answered;
        send(c);
      }
    }
    return answered;
  }

  /// A server may say its port a moment before it listens there.
  static int connect_to(int port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(static_cast<std::uint16_t>(port));
    int fd = -1;
    for (int tries = 0;; ++tries) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) break;
      if (errno != ECONNREFUSED || tries == 200) fail("connect");
      ::close(fd);
      ::usleep(10'000);
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }

  [[noreturn]] static void fail(const char* call) {
    std::perror(call);
    std::exit(1);
  }

 private:
  struct connection {
    int fd = -1;
    std::size_t came = 0;  // of the current answer
    std::int64_t sent = 0;
  };

  void send(connection& c) {
    c.came = 0;
    c.sent = now_nanos();
    if (::send(c.fd, batch_.data(), batch_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(batch_.size())) fail("send");
  }

  const std::string batch_;
  const std::size_t answer_bytes_;
  const int epoll_;
  std::vector<connection> connections_;
  char in_[64 * 1024];
};

}  // namespace bench
