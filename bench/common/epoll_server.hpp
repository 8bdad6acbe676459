// The floor of the servers: a thread per worker, an epoll per thread, no library. What it does with what came is the
// workload's.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <thread>
#include <vector>

#include "common/server.hpp"

namespace bench {

/// Serves for ever. A `Session` is made for each connection; `bool Session::on_readable(int fd)` reads and answers, and
/// gives false at the end. The first thread accepts, and deals the connections out in turn.
template <class Session>
class epoll_server {
 public:
  [[noreturn]] static void run(unsigned workers) {
    std::vector<int> epolls;
    for (unsigned i = 0; i < workers; ++i) {
      epolls.push_back(::epoll_create1(EPOLL_CLOEXEC));
      if (epolls.back() < 0) give_up("epoll_create1");
    }
    const int listener = listen_and_announce();
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ::epoll_ctl(epolls[0], EPOLL_CTL_ADD, listener, &event);
    for (unsigned i = 1; i < workers; ++i) std::thread([=] { turn(epolls[i], -1, {}); }).detach();
    turn(epolls[0], listener, epolls);
  }

 private:
  struct connection {
    int fd;
    Session session{};
  };

  [[noreturn]] static void turn(int epoll, int listener, const std::vector<int>& all) {
    std::size_t next = 0;
    epoll_event events[256];
    for (;;) {
      const int n = ::epoll_wait(epoll, events, 256, -1);
      if (n < 0 && errno != EINTR) give_up("epoll_wait");
      for (int i = 0; i < n; ++i) {
        auto* const c = static_cast<connection*>(events[i].data.ptr);
        if (!c) {
          accept_all(listener, all, next);
        } else if (!c->session.on_readable(c->fd)) {
          ::close(c->fd);
          delete c;
        }
      }
    }
  }

  static void accept_all(int listener, const std::vector<int>& all, std::size_t& next) {
    for (int fd; (fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      send_at_once(fd);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = new connection{fd}}};
      ::epoll_ctl(all[next++ % all.size()], EPOLL_CTL_ADD, fd, &event);
    }
  }
};

}  // namespace bench
