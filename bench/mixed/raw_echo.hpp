// A raw epoll loop that serves the messages of the mixed workloads; what is heavy it hands to `take`.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "protocol.hpp"

namespace mixed {

inline void need(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

class raw_echo {
 public:
  raw_echo() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), epoll_(::epoll_create1(0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    need(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "bind");
    need(::listen(listener_, 1024) == 0, "listen");
    need(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0, "getsockname");
    port_ = ntohs(at.sin_port);
    watch(listener_);
  }

  int port() const { return port_; }

  /// `units()` gives the work done so far, `start()` starts the CPU tasks, `take(fd, message)` gets a heavy request and
  /// answers it by answer().
  template <class Units, class Start, class Take>
  [[noreturn]] void run(Units units, Start start, Take take) {
    epoll_event events[128];
    for (;;) {
      const int n = ::epoll_wait(epoll_, events, 128, -1);
      for (int i = 0; i < n; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_) {
          accept_all();
          continue;
        }
        char message[message_size];
        const auto got = ::recv(fd, message, sizeof message, 0);
        if (got <= 0) {
          ::close(fd);
          continue;
        }
        need(got == static_cast<ssize_t>(message_size), "a short message");
        switch (static_cast<want>(message[0])) {
          case want::burn:
            take(fd, message);
            continue;
          case want::start:
            start();
            break;
          case want::units:
            put_units(message, units());
            break;
          case want::echo:
            break;
        }
        answer(fd, message);
      }
    }
  }

  static void answer(int fd, const char* message) {
    need(::send(fd, message, message_size, MSG_NOSIGNAL) == static_cast<ssize_t>(message_size), "send");
  }

 private:
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    need(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(fd);
    }
  }

  int listener_, epoll_, port_ = 0;
};

}  // namespace mixed
