// How the load of the mixed benches knows when an answer came.
#include "../../bench/mixed/stamped.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

#include <hocket/rt/base/fd.hpp>

namespace {

using hocket::rt::unique_fd;
using mixed::nanos;

struct pair_of_sockets {
  unique_fd sender, receiver;

  pair_of_sockets() {
    const unique_fd listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&where), size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&where), &size), 0);
    sender = unique_fd(::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(::connect(sender.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    receiver = unique_fd(::accept(listener.get(), nullptr, nullptr));
  }

  /// Returns when it is there to be read.
  void send() const {
    EXPECT_EQ(::send(sender.get(), "x", 1, MSG_NOSIGNAL), 1);
    pollfd there{receiver.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&there, 1, -1), 1);
  }
};

void wait_for(nanos time) {
  for (const nanos until = mixed::now() + time; mixed::now() < until;) {
  }
}

TEST(stamped, nothing_came_and_the_end_came_are_told_as_by_recv) {
  pair_of_sockets ends;
  mixed::stamp_arrivals(ends.receiver.get());
  char byte = 0;
  EXPECT_EQ(mixed::receive_stamped(ends.receiver.get(), {&byte, 1}).bytes, -1);
  EXPECT_EQ(errno, EAGAIN);
  ends.sender = {};
  pollfd over{ends.receiver.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&over, 1, -1), 1);
  EXPECT_EQ(mixed::receive_stamped(ends.receiver.get(), {&byte, 1}).bytes, 0);
}

TEST(stamped, without_stamps_a_packet_came_when_it_was_read) {
  const pair_of_sockets ends;
  ends.send();
  char byte = 0;
  const nanos before = mixed::now();
  const mixed::arrived came = mixed::receive_stamped(ends.receiver.get(), {&byte, 1});
  EXPECT_EQ(came.bytes, 1);
  EXPECT_FALSE(came.is_stamped);
  EXPECT_GE(came.at, before);
}

TEST(stamped, a_packet_that_waits_to_be_read_came_when_it_came) {
  const pair_of_sockets ends;
  mixed::stamp_arrivals(ends.receiver.get());
  char byte = 0;
  bool was_stamped = false, was_exact = false;
  // The kernel begins to stamp a moment after the first socket asks for it; and a busy machine may take the processor
  // away between two readings of the clocks.
  for (int i = 0; i < 200 && !was_exact; ++i) {
    const nanos before = mixed::now();
    ends.send();
    const nanos there = mixed::now();
    wait_for(5'000'000);
    const mixed::arrived came = mixed::receive_stamped(ends.receiver.get(), {&byte, 1});
    ASSERT_EQ(came.bytes, 1);
    if (!came.is_stamped) continue;
    was_stamped = true;
    EXPECT_GE(came.at, before - 100'000) << "the two clocks may run at slightly different speeds, no more";
    was_exact = came.at < there + 1'000'000;
  }
  if (!was_stamped) GTEST_SKIP() << "this kernel does not stamp";
  EXPECT_TRUE(was_exact);
}

}  // namespace
