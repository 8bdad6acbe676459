// The load generator against servers that behave badly: what it counts, and that latency counts from the intended time.
#include "hocket/load.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <hocket/rt/base/fd.hpp>

using namespace hocket::tools;
using hocket::rt::unique_fd;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A server of blocking threads, one for each connection. `talk` serves a connection until it returns.
class blocking_server {
 public:
  using talk_function = std::function<void(int fd)>;

  explicit blocking_server(talk_function talk)
      : talk_(std::move(talk)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&a), &size), 0);
    EXPECT_EQ(::listen(listener_.get(), 128), 0);
    port_ = ntohs(a.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~blocking_server() {
    stop_.store(true);
    acceptor_.join();
    for (std::thread& t : threads_) t.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void accept_all() {
    while (!stop_.load()) {
      pollfd wait{.fd = listener_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 20) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const timeval limit{.tv_sec = 20, .tv_usec = 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      threads_.emplace_back([this, fd] {
        talk_(fd);
        ::close(fd);
      });
    }
  }

  talk_function talk_;
  unique_fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

/// Reads one request's head; false at the end.
bool read_request(int fd, std::string& rest) {
  for (;;) {
    const std::size_t end = rest.find("\r\n\r\n");
    if (end != std::string::npos) {
      rest.erase(0, end + 4);
      return true;
    }
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    rest.append(bytes, static_cast<std::size_t>(got));
  }
}

void say(int fd, const std::string& text) { (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

load_options options_for(const blocking_server& server) {
  load_options o;
  o.target = parse_url(server.url());
  o.connections = 2;
  o.seconds = 0.4;
  o.warmup_seconds = 0;
  return o;
}

load_result load(const load_options& o) {
  const std::atomic<bool> never_stop{false};
  return run_load(o, never_stop);
}

}  // namespace

TEST(load, closed_loop_counts_what_was_answered) {
  std::atomic<std::uint64_t> served{0};
  blocking_server server([&](int fd) {
    for (std::string rest; read_request(fd, rest);) {
      ++served;
      say(fd, ok);
    }
  });
  const load_result r = load(options_for(server));
  EXPECT_GT(r.answered, 0u);
  EXPECT_EQ(r.answered, served.load());
  EXPECT_EQ(r.latency.count(), r.answered);
  EXPECT_EQ(r.body_bytes, 2 * r.answered);
  EXPECT_EQ(r.failed() + r.unanswered + r.refused_by_status, 0u);
  EXPECT_EQ(r.fatal, "");
}

TEST(load, open_loop_sends_at_its_rate) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) say(fd, ok);
  });
  load_options o = options_for(server);
  o.rate = 500;
  o.arrival = arrival_kind::constant;
  const load_result r = load(o);
  EXPECT_NEAR(static_cast<double>(r.answered), 200, 2);
  EXPECT_EQ(r.unanswered, 0u);
}

TEST(load, what_was_due_while_the_generator_itself_was_late_is_sent_after_the_end) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) say(fd, ok);
  });
  load_options o = options_for(server);
  o.rate = 500;
  o.arrival = arrival_kind::constant;
  const std::atomic<bool> never_stop{false};
  const load_result r = run_load(o, never_stop, [&](std::uint64_t, double seconds) {
    if (seconds < o.seconds) ::usleep(500'000);  // over the end
  });
  EXPECT_NEAR(static_cast<double>(r.answered), 200, 2);
  EXPECT_EQ(r.unanswered, 0u);
}

TEST(load, a_stall_delays_every_request_that_was_due_in_it) {
  std::atomic<int> served{0};
  blocking_server server([&](int fd) {
    for (std::string rest; read_request(fd, rest);) {
      if (++served == 20) ::usleep(300'000);
      say(fd, ok);
    }
  });
  load_options o = options_for(server);
  o.connections = 1;
  o.rate = 200;
  o.arrival = arrival_kind::constant;
  o.seconds = 0.6;
  const load_result r = load(o);
  // About 60 of the 120 requests were due during the stall and waited 150 ms on average. Measured from the send, only
  // one would have.
  EXPECT_GT(r.latency.percentile(75), 50'000'000);
  EXPECT_GT(r.latency.max(), 290'000'000);
  EXPECT_NEAR(static_cast<double>(r.answered), 120, 2);
}

TEST(load, what_is_unanswered_counts_with_its_age) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) ::usleep(10'000);
  });
  load_options o = options_for(server);
  o.rate = 50;
  o.seconds = 0.2;
  const load_result r = load(o);
  EXPECT_EQ(r.answered, 0u);
  EXPECT_GT(r.unanswered, 0u);
  EXPECT_EQ(r.latency.count(), r.unanswered);
  EXPECT_GT(r.latency.min(), 1'000'000'000);  // it waits two seconds for the last answers
}

TEST(load, a_connection_that_the_server_closes_is_reopened_and_nothing_is_lost) {
  for (const bool announced : {true, false}) {
    blocking_server server([=](int fd) {
      std::string rest;
      for (int i = 0; i < 5 && read_request(fd, rest); ++i) {
        say(fd, announced && i == 4 ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" : ok);
      }
      ::shutdown(fd, SHUT_WR);
      while (read_request(fd, rest)) {
      }
    });
    load_options o = options_for(server);
    o.rate = 300;
    o.arrival = arrival_kind::constant;
    const load_result r = load(o);
    EXPECT_NEAR(static_cast<double>(r.answered), 120, 2);
    EXPECT_EQ(r.failed(), 0u);
    EXPECT_GT(r.reconnects, 10u);
  }
}

TEST(load, errors_are_told_apart) {
  const auto with = [](const std::string& answer, bool reset) {
    blocking_server server([=](int fd) {
      std::string rest;
      if (!read_request(fd, rest)) return;
      say(fd, answer);
      const linger hard{.l_onoff = 1, .l_linger = 0};
      if (reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    });
    load_options o = options_for(server);
    o.timeout_seconds = 0.1;
    const load_result r = load(o);
    EXPECT_EQ(r.answered, 0u);
    std::string kinds;
    for (const auto& [kind, times] : r.errors) kinds += kind + ";";
    return kinds;
  };
  EXPECT_EQ(with("", false), "closed without a response;");
  EXPECT_EQ(with("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", false), "closed in the middle of a response;");
  EXPECT_EQ(with("SSH-2.0-x\r\n", false), "not an HTTP/1.x response;");
  EXPECT_EQ(with("", true), "Connection reset by peer;");
}

TEST(load, a_request_without_an_answer_times_out) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) {
    }
  });
  load_options o = options_for(server);
  o.timeout_seconds = 0.1;
  const load_result r = load(o);
  EXPECT_EQ(r.answered, 0u);
  EXPECT_GE(r.errors.at("timeout"), 2u);
}

TEST(load, other_statuses_are_counted_apart) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) say(fd, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  });
  const load_result r = load(options_for(server));
  EXPECT_EQ(r.answered, 0u);
  EXPECT_GT(r.refused_by_status, 0u);
  EXPECT_EQ(r.statuses.at(503), r.refused_by_status);
  EXPECT_EQ(r.rate(), 0.0);
}

TEST(load, a_pipeline_is_answered_in_order) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) say(fd, ok);
  });
  load_options o = options_for(server);
  o.pipeline = 16;
  const load_result r = load(o);
  EXPECT_GT(r.answered, 32u);
  EXPECT_EQ(r.failed() + r.unanswered, 0u);
}

TEST(load, says_why_it_cannot_start) {
  load_options o;
  o.target = parse_url("http://127.0.0.1:1/");
  EXPECT_EQ(load(o).fatal, "cannot connect to 127.0.0.1 port 1: Connection refused (is a server listening there?)");
  o.target = parse_url("http://no-such-host.invalid/");
  EXPECT_NE(load(o).fatal.find("cannot resolve host 'no-such-host.invalid': "), std::string::npos);
}

TEST(load, stops_when_told) {
  blocking_server server([](int fd) {
    for (std::string rest; read_request(fd, rest);) say(fd, ok);
  });
  load_options o = options_for(server);
  o.seconds = 3600;
  std::atomic<bool> stop{false};
  int calls = 0;
  const load_result r = run_load(o, stop, [&](std::uint64_t, double) { stop.store(++calls == 2); });
  EXPECT_GT(r.answered, 0u);
  EXPECT_LT(r.seconds, 60);
}
