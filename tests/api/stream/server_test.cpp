// start_server and Server: listening, accepting, ending.
#include <hocket/stream/server.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/loop/to_thread.hpp>
#include <hocket/rt/base/sanitizers.hpp>
#include <hocket/stream/open_connection.hpp>

#include "doors.hpp"

namespace hocket::stream_tests {
namespace {

class stream_server : public through_each_door {};
INSTANTIATE_TEST_SUITE_P(doors, stream_server, all_doors, door_name);

TEST_P(stream_server, a_port_in_use_is_said_with_its_address) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    const std::string port = std::to_string(server.port());
    EXPECT_EQ("OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', " + port +
                  "): address already in use",
              co_await failure_of(start_server(echo, "127.0.0.1", server.port())));
    EXPECT_EQ("ValueError: port must be 0-65535, not -1", co_await failure_of(start_server(echo, "127.0.0.1", -1)));
    server.close();
  }());
}

TEST_P(stream_server, without_a_host_it_listens_everywhere) {
  run_here([]() -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      Server server = co_await start_server(echo, i == 0 ? std::optional<std::string_view>("") : std::nullopt, 0);
      const auto where = server.sockets();
      EXPECT_FALSE(where.empty());
      EXPECT_EQ("0.0.0.0", where.front().host());
      auto [reader, writer] =
          co_await open_connection("localhost", where.front().port(), OpenOptions{.family = AF_INET});
      writer.write("x");
      EXPECT_EQ("x", co_await reader.read(1));
      server.close();
      EXPECT_TRUE(server.sockets().empty());
    }
  }());
}

TEST_P(stream_server, says_what_it_is) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0, ServerOptions{.start_serving = false});
    EXPECT_FALSE(server.is_serving());
    std::ostringstream text;
    text << server;
    EXPECT_EQ("<Server sockets=(('127.0.0.1', " + std::to_string(server.port()) + "))>", text.str());
    co_await server.start_serving();
    EXPECT_TRUE(server.is_serving());
    server.close();
    EXPECT_FALSE(server.is_serving());
    EXPECT_EQ("RuntimeError: server <Server sockets=()> is closed", co_await failure_of(server.serve_forever()));
    EXPECT_EQ("RuntimeError: server <Server sockets=()> is closed", co_await failure_of(server.start_serving()));
  }());
}

Coro<> fail_on_x(StreamReader reader, StreamWriter writer) {
  const std::string what = co_await reader.read(1);
  if (what == "x") throw ValueError("asked for");
  writer.write("ok");
}

TEST_P(stream_server, a_callback_that_throws_is_reported_and_the_server_lives) {
  testing::internal::CaptureStderr();
  run_here([]() -> Coro<> {
    Server server = co_await start_server(fail_on_x, "127.0.0.1", 0);
    for (int i = 0; i < 2; ++i) {
      auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
      writer.write(i == 0 ? "x" : "y");
      EXPECT_EQ(i == 0 ? "" : "ok", co_await reader.read());
    }
    server.close();
    co_await server.wait_closed();
  }());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(std::string::npos, said.find("Unhandled exception in client_connected_cb")) << said;
  EXPECT_NE(std::string::npos, said.find("ValueError: asked for")) << said;
}

int plain_calls = 0;
void plain(StreamReader, StreamWriter writer) {
  ++plain_calls;
  writer.write("plain");
}

TEST_P(stream_server, a_callback_may_be_a_plain_function_or_capture) {
  run_here([]() -> Coro<> {
    plain_calls = 0;
    const std::string greeting = "a string that is too long to be kept in place";
    auto capturing = [greeting](StreamReader, StreamWriter writer) -> Coro<> {
      co_await sleep(0);
      writer.write(greeting);
    };
    Server one = co_await start_server(plain, "127.0.0.1", 0);
    Server two = co_await start_server(capturing, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", one.port());
    EXPECT_EQ("plain", co_await reader.read());
    auto [reader_2, writer_2] = co_await open_connection("127.0.0.1", two.port());
    EXPECT_EQ(greeting, co_await reader_2.read());
    EXPECT_EQ(1, plain_calls);
    one.close();
    two.close();
  }());
}

TEST_P(stream_server, serve_forever_ends_by_cancel_and_ends_its_clients) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    auto serving = create_task(server.serve_forever(), {.eager_start = true});
    EXPECT_EQ("RuntimeError: server <Server sockets=(('127.0.0.1', " + std::to_string(server.port()) +
                  "))> is already being awaited on serve_forever()",
              co_await failure_of(server.serve_forever()));
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write("x");
    EXPECT_EQ("x", co_await reader.read(1));
    serving.cancel();
    const auto outcome = co_await as_result(serving);
    EXPECT_TRUE(outcome.cancelled());
    EXPECT_EQ("", co_await reader.read());
    EXPECT_EQ(0u, server.connections());
  }());
}

TEST_P(stream_server, serve_forever_ends_by_close) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    auto serving = create_task(server.serve_forever(), {.eager_start = true});
    server.close();
    const auto outcome = co_await as_result(serving);
    EXPECT_TRUE(outcome.cancelled());
  }());
}

TEST_P(stream_server, wait_closed_waits_for_the_last_connection) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write("x");
    EXPECT_EQ("x", co_await reader.read(1));
    EXPECT_EQ(1u, server.connections());
    server.close();
    auto waiting = create_task(server.wait_closed(), {.eager_start = true});
    co_await sleep(0.01);
    EXPECT_FALSE(waiting.done());
    server.close_clients();
    co_await waiting;
    EXPECT_EQ("", co_await reader.read());
  }());
}

TEST_P(stream_server, abort_clients_ends_them_at_once) {
  run_here([]() -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    writer.write("x");
    EXPECT_EQ("x", co_await reader.read(1));
    server.close();
    server.abort_clients();
    co_await server.wait_closed();
    EXPECT_EQ("", co_await reader.read());
  }());
}

int open_now = 0, most_open = 0;
Coro<> count_open(StreamReader reader, StreamWriter writer) {
  most_open = std::max(most_open, ++open_now);
  co_await reader.read(1);
  --open_now;
  writer.close();
}

TEST(stream_server_limit, no_more_connections_than_asked_for_are_open) {
  run([]() -> Coro<> {
    open_now = most_open = 0;
    Server server = co_await start_server(count_open, "127.0.0.1", 0, ServerOptions{.max_connections = 3});
    std::vector<Connection> clients;
    for (int i = 0; i < 8; ++i) clients.push_back(co_await open_connection("127.0.0.1", server.port()));
    while (open_now < 3) co_await sleep(0.001);
    co_await sleep(0.02);  // time for a fourth
    EXPECT_EQ(3, open_now);
    EXPECT_EQ(3u, server.connections());
    for (auto& c : clients) {
      c.writer.write("x");
      EXPECT_EQ("", co_await c.reader.read());
    }
    EXPECT_EQ(3, most_open);
    server.close();
    co_await server.wait_closed();
  }());
}

// The child has few descriptors; everything is checked there, and its exit status tells which claim failed.
constexpr std::size_t clients_count = 20, free_descriptors = 10;

std::vector<int> unconnected_sockets() {
  std::vector<int> sockets(clients_count);
  for (int& s : sockets) s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return sockets;
}

// For this process, from now on.
bool leave_few_descriptors(int one_of_ours) {
  std::vector<int> taken;
  while (taken.size() < free_descriptors) taken.push_back(::dup(one_of_ours));
  const rlim_t limit = static_cast<rlim_t>(taken.back()) + 1;
  for (const int fd : taken) ::close(fd);
  const rlimit few{limit, limit};
  return ::setrlimit(RLIMIT_NOFILE, &few) == 0;
}

int accept_with_few_descriptors() {
  int result = 0;
  run([](int* out) -> Coro<> {
    Server server = co_await start_server(echo, "127.0.0.1", 0);
    // The clients have theirs already, and stand in the backlog as soon as they connect.
    std::vector<int> clients = unconnected_sockets();
    if (!leave_few_descriptors(clients.front())) co_return void(*out = 10);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const int c : clients) {
      if (::connect(c, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) co_return void(*out = 14);
    }
    const std::clock_t cpu = std::clock();
    co_await sleep(0.5);
    if (std::clock() - cpu > CLOCKS_PER_SEC / 10) *out = 11;  // it spun
    // Room again: those that wait in the backlog are served within the pause.
    const int last = clients.back();
    clients.pop_back();
    for (const int c : clients) ::close(c);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(last, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::send(last, "still here", 10, 0);
    char back[10] = {};
    const ssize_t n = co_await to_thread([&] { return ::recv(last, back, sizeof back, MSG_WAITALL); });
    if (n != sizeof back) *out = 13;
    if (n == sizeof back && std::string_view(back, sizeof back) != "still here") *out = 12;
    ::close(last);
    server.close();
  }(&result));
  return result;
}

bool says_once_that_resources_are_out(const std::string& text) {
  const std::string line = "socket.accept() out of system resource";
  const auto first = text.find(line);
  return first != std::string::npos && text.find(line, first + 1) == std::string::npos;
}

TEST(stream_server_limit, out_of_descriptors_it_pauses_and_goes_on) {
#if HOCKET_UBSAN
  GTEST_SKIP() << "UBSan's vptr check opens a pipe for each object it looks at, and takes a failure for a bad object";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(::_exit(accept_with_few_descriptors()), testing::ExitedWithCode(0),
              testing::Truly(says_once_that_resources_are_out));
}

}  // namespace
}  // namespace hocket::stream_tests
