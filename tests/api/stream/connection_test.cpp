// Readers and writers over real TCP connections on the loopback.
#include <hocket/stream/open_connection.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include <hocket/net/address.hpp>
#include <hocket/rt/base/fd.hpp>
#include <hocket/stream/server.hpp>

#include "doors.hpp"

namespace hocket::stream_tests {
namespace {

/// A peer that is plain system calls: a listening socket, and what it accepted.
class raw_peer {
 public:
  raw_peer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto any = *net::address::parse("127.0.0.1", 0);
    if (::bind(listener_.get(), any.data(), any.size()) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&raw), &size);
    port_ = net::address::from(reinterpret_cast<sockaddr*>(&raw), size).port();
  }
  int port() const { return port_; }
  void accept() { connected_ = rt::unique_fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  int fd() const { return connected_.get(); }
  void send(std::string_view s) {
    EXPECT_EQ(static_cast<ssize_t>(s.size()), ::send(fd(), s.data(), s.size(), MSG_NOSIGNAL));
  }
  std::string receive(std::size_t n) {
    std::string got(n, '\0');
    got.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd(), got.data(), n, 0))));
    return got;
  }
  void hang_up() { connected_.reset(); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    connected_.reset();
  }

 private:
  rt::unique_fd listener_, connected_;
  int port_ = 0;
};

class stream_connection : public through_each_door {};
INSTANTIATE_TEST_SUITE_P(doors, stream_connection, all_doors, door_name);

TEST_P(stream_connection, an_echo_comes_back_line_by_line) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    EXPECT_EQ(server.port(), writer.peername().port());
    EXPECT_EQ("127.0.0.1", writer.sockname().host());
    for (int i = 0; i < 50; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      writer.write(line);
      EXPECT_EQ(line, co_await reader.readline());
    }
    writer.write_eof();
    EXPECT_EQ("", co_await reader.read());
    EXPECT_TRUE(reader.at_eof());
    writer.close();
    EXPECT_TRUE(writer.is_closing());
    co_await writer.wait_closed();
    server.close();
    co_await server.wait_closed();
    EXPECT_EQ(0u, server.connections());
  }());
}

TEST_P(stream_connection, ipv6_works_where_the_machine_has_it) {
  const rt::unique_fd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto loopback = *net::address::parse("::1", 0);
  if (!probe || ::bind(probe.get(), loopback.data(), loopback.size()) != 0) GTEST_SKIP() << "this machine has no ::1";
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "::1", 0);
    auto [reader, writer] = co_await open_connection("::1", server.port());
    EXPECT_EQ("('::1', " + std::to_string(server.port()) + ", 0, 0)", writer.get_extra_info("peername"));
    writer.write("six");
    EXPECT_EQ("six", co_await reader.readexactly(3));
    server.close();
  }());
}

Coro<> answer_after_the_end(StreamReader reader, StreamWriter writer) {
  const std::string all = co_await reader.read();
  writer.write("got " + std::to_string(all.size()));
  writer.close();
}

TEST_P(stream_connection, half_closed_it_still_reads) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(answer_after_the_end, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write(std::string(1000, 'x'));
    writer.write_eof();
    EXPECT_THROW(writer.write("more"), RuntimeError);
    EXPECT_EQ("got 1000", co_await reader.read());
    server.close();
  }());
}

TEST_P(stream_connection, a_large_write_waits_in_drain_and_arrives_whole) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(answer_after_the_end, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    const std::string block(1 << 20, 'b');
    for (int i = 0; i < 20; ++i) {
      writer.write(block);
      co_await writer.drain();
      EXPECT_LE(writer.queued(), std::size_t{64 * 1024});
    }
    writer.write_eof();
    EXPECT_EQ("got " + std::to_string(20 << 20), co_await reader.read());
    server.close();
  }());
}

TEST_P(stream_connection, drain_waits_while_the_peer_does_not_read) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    const std::string block(1 << 20, 'b');
    std::size_t sent = 0;
    while (writer.queued() <= 64 * 1024) {
      writer.write(block);
      sent += block.size();
    }
    auto draining = create_task(writer.drain(), {.eager_start = true});
    auto also = create_task(writer.drain(), {.eager_start = true});
    co_await sleep(0.02);
    EXPECT_FALSE(draining.done());
    EXPECT_FALSE(also.done());
    std::size_t got = 0;
    while (got < sent) {
      got += co_await to_thread([&peer] { return peer.receive(1 << 16).size(); });
    }
    co_await draining;
    co_await also;
    EXPECT_EQ(sent, got);
    EXPECT_EQ(0u, writer.queued());
  }());
}

TEST_P(stream_connection, what_was_written_is_sent_after_close_and_after_the_handles_went) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    std::size_t sent = 0;
    {
      auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
      peer.accept();
      const std::string block(1 << 20, 'b');
      while (writer.queued() == 0) {
        writer.write(block);
        sent += block.size();
      }
    }
    std::size_t got = 0;
    for (;;) {
      const std::size_t n = co_await to_thread([&peer] { return peer.receive(1 << 16).size(); });
      if (n == 0) break;
      got += n;
    }
    EXPECT_EQ(sent, got);
  }());
}

TEST_P(stream_connection, the_end_that_comes_with_the_last_bytes_is_not_slept_through) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    for (int i = 0; i < 50; ++i) {
      auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
      peer.accept();
      // Half of the time the reader waits already when both come.
      Task<std::string> reading;
      if (i % 2 == 0) reading = create_task(reader.read(100), {.eager_start = true});
      peer.send("12345");
      peer.hang_up();
      if (i % 4 == 1) co_await sleep(0.0005);
      if (!reading) reading = create_task(reader.read(100));
      EXPECT_EQ("12345", co_await reading);
      EXPECT_EQ("", co_await reader.read(100));
      EXPECT_TRUE(reader.at_eof());
    }
  }());
}

TEST_P(stream_connection, readinto_gives_what_was_buffered_first_and_then_receives_in_place) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    peer.send("line\nabcdef");
    EXPECT_EQ("line\n", co_await reader.readline());
    char bytes[4];
    EXPECT_EQ(0u, co_await reader.readinto(std::span<char>()));
    EXPECT_EQ(4u, co_await reader.readinto(bytes));
    EXPECT_EQ("abcd", std::string_view(bytes, 4));
    EXPECT_EQ(2u, co_await reader.readinto(bytes));
    EXPECT_EQ("ef", std::string_view(bytes, 2));

    auto waiting = create_task(reader.readinto(bytes), {.eager_start = true});
    peer.send("ghijk");
    EXPECT_EQ(4u, co_await waiting);
    EXPECT_EQ("ghij", std::string_view(bytes, 4));
    EXPECT_EQ("", reader.buffered());
    EXPECT_EQ("k", co_await reader.read(10));

    auto cancelled = create_task(reader.readinto(bytes), {.eager_start = true});
    cancelled.cancel();
    const auto outcome = co_await as_result(cancelled);
    EXPECT_TRUE(is_cancelled_error(outcome.error()));
    peer.send("lm");
    peer.hang_up();
    EXPECT_EQ("lm", co_await reader.readexactly(2));
    EXPECT_EQ(0u, co_await reader.readinto(bytes));
  }());
}

TEST_P(stream_connection, a_cancelled_readinto_loses_nothing) {
  run_here([]() -> Coro<> {
    std::string sent;
    for (int i = 0; i < 8000; ++i) sent += static_cast<char>('a' + i % 26);
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    peer.send(sent);
    // It never waits, so a cancel comes where it gives way, or meets with a receive.
    std::string got;
    auto small_reads = [](StreamReader from, std::string& to) -> Coro<> {
      for (char bytes[3];;) {
        const std::size_t n = co_await from.readinto(bytes);
        to.append(bytes, n);
      }
    };
    for (int round = 0; round < 40; ++round) {
      auto reading = create_task(small_reads, reader, std::ref(got));
      for (int turn = 0; turn <= round % 4; ++turn) co_await sleep(0);
      reading.cancel();
      const auto outcome = co_await as_result(reading);
      EXPECT_TRUE(is_cancelled_error(outcome.error()));
    }
    peer.hang_up();
    EXPECT_GT(got.size(), 0u);
    got += co_await reader.read(-1);
    EXPECT_EQ(sent, got);
  }());
}

TEST_P(stream_connection, a_reset_by_the_peer_reaches_readers_writers_and_wait_closed) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    auto reading = create_task(reader.read(10));
    co_await sleep(0.01);
    peer.reset();
    const auto outcome = co_await as_result(reading);
    const std::string reset = "ConnectionResetError: [Errno 104] Connection reset by peer";
    EXPECT_EQ(reset, describe(outcome.error()));
    EXPECT_EQ(reset, co_await failure_of(reader.readline()));
    EXPECT_EQ(reset, co_await failure_of(writer.drain()));
    EXPECT_EQ(reset, co_await failure_of(writer.wait_closed()));
    EXPECT_TRUE(writer.is_closing());
    writer.write("nothing happens");
    writer.close();
  }());
}

TEST_P(stream_connection, writing_to_a_peer_that_is_gone_is_an_error_and_no_signal) {
  run_here([]() -> Coro<> {
    EXPECT_EQ(SIG_DFL, std::signal(SIGPIPE, SIG_DFL));
    raw_peer peer;
    for (int i = 0; i < 20; ++i) {
      auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
      peer.accept();
      peer.hang_up();
      std::string failure = "nothing";
      for (int tries = 0; tries < 1000 && failure == "nothing"; ++tries) {
        writer.write("x");
        failure = co_await failure_of(writer.drain());
        co_await sleep(0.0001);
      }
      EXPECT_TRUE(failure.starts_with("BrokenPipeError: [Errno 32]") ||
                  failure.starts_with("ConnectionResetError: [Errno 104]"))
          << failure;
    }
  }());
}

TEST_P(stream_connection, closed_here_a_waiting_read_ends_and_drain_says_so) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    auto reading = create_task(reader.read(10), {.eager_start = true});
    auto ending = create_task(writer.wait_closed(), {.eager_start = true});
    writer.close();
    EXPECT_EQ("", co_await reading);
    co_await ending;
    EXPECT_EQ("ConnectionResetError: Connection lost", co_await failure_of(writer.drain()));
    EXPECT_EQ("", co_await reader.read(1));
    EXPECT_EQ("", peer.receive(1));
  }());
}

TEST_P(stream_connection, a_cancelled_read_leaves_the_connection_and_the_bytes) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    for (int i = 0; i < 20; ++i) {
      auto reading = create_task(reader.readexactly(8));
      peer.send("1234");
      co_await sleep(i % 2 == 0 ? 0.002 : 0);
      reading.cancel();
      const auto outcome = co_await as_result(reading);
      EXPECT_TRUE(outcome.cancelled());
      peer.send("5678");
      EXPECT_EQ("12345678", co_await reader.readexactly(8));
    }
  }());
}

TEST_P(stream_connection, two_tasks_may_not_wait_for_the_same_reader) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    auto first = create_task(reader.read(10), {.eager_start = true});
    EXPECT_EQ("RuntimeError: read() called while another coroutine is already waiting for incoming data",
              co_await failure_of(reader.read(10)));
    peer.send("data");
    EXPECT_EQ("data", co_await first);
  }());
}

TEST_P(stream_connection, a_line_over_the_limit_is_refused_and_the_next_one_read) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port(), OpenOptions{.limit = 100});
    peer.accept();
    peer.send(std::string(150, 'l') + "\nshort\n");
    EXPECT_EQ("ValueError: Separator is found, but chunk is longer than limit", co_await failure_of(reader.readline()));
    EXPECT_EQ("short\n", co_await reader.readline());
    peer.send(std::string(300, 'l'));
    EXPECT_EQ("ValueError: Separator is not found, and chunk exceed the limit", co_await failure_of(reader.readline()));
  }());
}

TEST_P(stream_connection, a_separator_may_come_in_two_pieces) {
  run_here([]() -> Coro<> {
    raw_peer peer;
    auto [reader, writer] = co_await open_connection("127.0.0.1", peer.port());
    peer.accept();
    auto reading = create_task(reader.readuntil("\r\n\r\n"));
    for (const char* piece : {"GET", " /\r", "\n\r", "\nrest"}) {
      peer.send(piece);
      co_await sleep(0.003);
    }
    EXPECT_EQ("GET /\r\n\r\n", co_await reading);
    EXPECT_EQ("rest", reader.buffered());
    peer.hang_up();
    EXPECT_EQ("IncompleteReadError: 4 bytes read on a total of 10 expected bytes",
              co_await failure_of(reader.readexactly(10)));
  }());
}

TEST_P(stream_connection, nobody_listens_and_no_such_host_are_clear_errors) {
  run_here([]() -> Coro<> {
    int port = 0;
    {
      const raw_peer peer;
      port = peer.port();
    }
    EXPECT_EQ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', " + std::to_string(port) + ")",
              co_await failure_of(open_connection("127.0.0.1", port)));
    const std::string unknown = co_await failure_of(open_connection("no-such-host.invalid", 80));
    EXPECT_TRUE(unknown.starts_with("gaierror: getaddrinfo(no-such-host.invalid): ")) << unknown;
    EXPECT_EQ("ValueError: port must be 0-65535, not 65536", co_await failure_of(open_connection("127.0.0.1", 65536)));
    EXPECT_EQ("ValueError: embedded null character",
              co_await failure_of(open_connection(std::string_view("a\0b", 3), 80)));
  }());
}

TEST_P(stream_connection, a_cancelled_connect_closes_its_socket) {
  run_here([]() -> Coro<> {
    // Packets to TEST-NET-1 are dropped, or refused by the machine: either way the task ends and no descriptor stays.
    for (int i = 0; i < 5; ++i) {
      auto connecting = create_task(open_connection("192.0.2.1", 9));
      co_await sleep(0.002);
      connecting.cancel();
      const auto outcome = co_await as_result(connecting);
      EXPECT_FALSE(outcome);
    }
  }());
}

Coro<> say_hello_n_times(int port, int n, int* right) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  for (int i = 0; i < n; ++i) {
    const std::string line = std::to_string(port * n + i) + " hello\n";
    writer.write(line);
    const std::string back = co_await reader.readline();
    if (back == line) ++*right;
  }
  writer.close();
  co_await writer.wait_closed();
}

TEST_P(stream_connection, many_at_once_each_get_their_own_bytes) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    constexpr int count = 100, lines = 20;
    std::vector<int> right(count, 0);
    std::vector<Task<>> clients;
    for (int i = 0; i < count; ++i) clients.push_back(create_task(say_hello_n_times(server.port(), lines, &right[i])));
    for (auto& c : clients) co_await c;
    for (int n : right) EXPECT_EQ(lines, n);
    server.close();
    co_await server.wait_closed();
  }());
}

/// Everything that may end a connection at once, from several tasks.
TEST_P(stream_connection, close_abort_read_and_write_race_without_harm) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    for (int i = 0; i < 60; ++i) {
      auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
      auto reading = create_task(reader.read(100));
      auto ending = create_task(writer.wait_closed());
      StreamWriter other = writer;
      auto closing = create_task(
          [](StreamWriter w, int turn) -> Coro<> {
            for (int t = 0; t < turn % 4; ++t) co_await sleep(0);
            turn % 2 == 0 ? w.close() : w.abort();
          },
          other, i);
      writer.write("some bytes");
      const auto read = co_await as_result(reading);
      if (!read) {
        EXPECT_TRUE(describe(read.error()).starts_with("Connection")) << describe(read.error());
      }
      co_await closing;
      co_await ending;
    }
    server.close();
    co_await server.wait_closed();
  }());
}

std::optional<StreamWriter> kept;

TEST(stream_lifetime, a_handle_may_outlive_the_runtime) {
  raw_peer peer;
  run([](raw_peer* p) -> Coro<> {
    auto [reader, writer] = co_await open_connection("127.0.0.1", p->port());
    p->accept();
    kept = writer;
  }(&peer));
  kept->write("late");
  EXPECT_EQ("late", peer.receive(10));
  const std::string block(1 << 20, 'b');
  for (int i = 0; i < 20; ++i)
    kept->write(block);  // nobody can send what the kernel does not take: the connection is lost
  EXPECT_TRUE(kept->is_closing());
  kept.reset();
}

}  // namespace
}  // namespace hocket::stream_tests
