// echo without a library: the floor. What the kernel does not take at once ends the connection: the messages are small.
#include "common/epoll_server.hpp"

namespace {

struct echo {
  bool on_readable(int fd) {
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    return got > 0 && ::send(fd, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
  }
};

}  // namespace

int main(int argc, char** argv) { bench::epoll_server<echo>::run(bench::parse(argc, argv, 1).workers); }
