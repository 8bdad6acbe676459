// Loops by hand, of either door, and what they watch.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "doors.hpp"
#include "hocket/rt/base/fd.hpp"

namespace conformance {

using asyncio::EventLoop;

/// Calls `body(loop)` with a serial loop and with parallel ones, and closes them. Time is virtual.
template <class Body>
void with_loops(Body body) {
  {
    SCOPED_TRACE("the serial door");
    EventLoop loop = asyncio::new_event_loop({.virtual_clock = true});
    body(loop);
    loop.close();
  }
  for (const unsigned workers : hocket::support::test_workers()) {
    SCOPED_TRACE("the parallel door");
    EventLoop loop(asyncio::loop_state::make_parallel({.workers = workers, .virtual_clock = true}));
    body(loop);
    loop.close();
  }
}

struct socket_pair {
  hocket::rt::unique_fd left, right;
  socket_pair() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    left = hocket::rt::unique_fd(ends[0]);
    right = hocket::rt::unique_fd(ends[1]);
  }
  void send(std::string_view text) const {
    EXPECT_EQ(::write(left.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  char receive_one() const {
    char c = 0;
    return ::read(right.get(), &c, 1) == 1 ? c : '?';
  }
};

}  // namespace conformance
