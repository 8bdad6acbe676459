#include "load.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <numeric>
#include <system_error>
#include <utility>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/fd.hpp>

#include "response_parser.hpp"

namespace hocket::tools {
namespace {

using rt::nanos;
using rt::nanos_per_ms;
using rt::nanos_per_second;
using rt::steady_now;

constexpr std::size_t most_waiting = 1'000'000;  // due requests that wait for a connection
constexpr nanos drain_time = 2 * nanos_per_second;
constexpr nanos drain_time_when_stopped = nanos_per_second / 4;
constexpr nanos progress_interval = 250 * nanos_per_ms;
constexpr int most_retries = 3;               // of a request that met a connection which the server was closing
constexpr unsigned refusals_to_give_up = 20;  // in a row, before any request was answered

nanos from_seconds(double seconds) { return static_cast<nanos>(seconds * 1e9); }

/// 0, or the errno value of what failed.
int try_connect(const addrinfo& a, int timeout_ms) {
  const rt::unique_fd fd(::socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  if (::connect(fd.get(), a.ai_addr, a.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, timeout_ms) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

struct request {
  nanos intended;
  nanos sent = 0;
  int retries = 0;
};

struct connection {
  enum class phase { closed, connecting, open };
  phase now = phase::closed;
  rt::unique_fd fd;
  std::vector<request> resend;    // closed loop: to be sent again when it is open
  std::deque<request> in_flight;  // in the order sent; the front is the one being answered
  std::string out;                // not yet taken by the kernel
  response_parser parser;
  std::uint64_t answered_here = 0;
  nanos reopen_at = 0;  // closed: not before this time
  unsigned failures = 0;
  bool peer_closed = false;  // it will answer no further request
  bool listed_free = false;
  bool listed_unsent = false;
  bool wants_write = false;
};

class generator {
 public:
  generator(const load_options& options, const std::atomic<bool>& stop, const load_progress& progress)
      : options_(options),
        stop_(stop),
        progress_(progress),
        connections_(options.connections),
        closed_(options.connections) {
    request_bytes_ =
        options.method + " " + options.target.target + " HTTP/1.1\r\nHost: " + options.target.authority() + "\r\n";
    for (const std::string& header : options.headers) request_bytes_ += header + "\r\n";
    if (!options.body.empty() || options.method == "POST" || options.method == "PUT")
      request_bytes_ += "Content-Length: " + std::to_string(options.body.size()) + "\r\n";
    request_bytes_ += "\r\n" + options.body;
  }

  load_result run();

 private:
  bool resolve();
  bool open(connection& c);
  void on_event(connection& c, std::uint32_t events);
  void on_connected(connection& c);
  void read(connection& c);
  void flush(connection& c);
  void on_response(connection& c);
  void draw(arrivals& schedule, nanos now);
  void send_due(nanos now);
  void send(connection& c, request r, nanos now);
  void refill_closed_loop(connection& c, nanos now);
  void drop(connection& c, const char* why);
  void reconnect(nanos now);
  void expire(nanos now);
  void list_free(connection& c);
  connection* take_free();
  void count_error(const request& r, const std::string& kind);
  bool counted(const request& r) const { return r.intended >= count_from_ && r.intended < end_; }
  bool open_loop() const { return options_.rate > 0; }
  nanos next_wake(nanos now) const;
  std::size_t unfinished() const { return in_flight_ + waiting_.size() + resend_; }
  bool wants_connections() const { return sending_ || !waiting_.empty() || resend_ > 0; }

  const load_options& options_;
  const std::atomic<bool>& stop_;
  const load_progress& progress_;
  std::string request_bytes_;
  sockaddr_storage address_{};
  socklen_t address_size_ = 0;
  rt::unique_fd epoll_;
  std::vector<connection> connections_;
  std::vector<connection*> free_;    // open, with room in their pipeline; may hold stale entries
  std::vector<connection*> unsent_;  // have something in `out` since the last round
  std::deque<request> waiting_;      // due, no connection was free
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  std::size_t in_flight_ = 0;
  std::size_t resend_ = 0;  // requests in the `resend` of all connections
  std::size_t closed_;      // connections in phase closed
  nanos start_ = 0, count_from_ = 0, end_ = 0, last_expire_ = 0;
  bool sending_ = true;  // false after end_
  bool ever_answered_ = false;
  unsigned refusals_ = 0;
  load_result result_;
};

bool generator::resolve() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(options_.target.port);
  const int code = getaddrinfo(options_.target.host.c_str(), port.c_str(), &hints, &found);
  if (code != 0) {
    result_.fatal = "cannot resolve host '" + options_.target.host + "': " + gai_strerror(code);
    return false;
  }
  // A name may have several addresses (localhost: ::1 and 127.0.0.1). The first that accepts is used throughout.
  int last_error = 0;
  for (addrinfo* a = found; a; a = a->ai_next) {
    last_error = try_connect(*a, static_cast<int>(options_.timeout_seconds * 1000));
    if (last_error == 0) {
      std::memcpy(&address_, a->ai_addr, a->ai_addrlen);
      address_size_ = a->ai_addrlen;
      break;
    }
  }
  freeaddrinfo(found);
  if (address_size_ == 0) {
    result_.fatal = "cannot connect to " + options_.target.host + " port " + port + ": " + std::strerror(last_error);
    if (last_error == ECONNREFUSED) result_.fatal += " (is a server listening there?)";
    return false;
  }
  return true;
}

load_result generator::run() {
  if (!resolve()) return std::move(result_);
  epoll_ = rt::unique_fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) rt::throw_os_error("epoll_create1");
  prctl(PR_SET_TIMERSLACK, 1UL);  // of this thread: due times are kept to a microsecond or so, not to 50

  for (connection& c : connections_) {
    if (!open(c)) return std::move(result_);
  }
  start_ = steady_now();
  count_from_ = start_ + from_seconds(options_.warmup_seconds);
  end_ = count_from_ + from_seconds(options_.seconds);
  arrivals schedule(options_.arrival, open_loop() ? options_.rate : 1.0, start_, options_.seed);

  nanos next_progress = start_ + progress_interval;
  std::vector<epoll_event> events(256);
  for (;;) {
    nanos now = steady_now();
    const bool is_last = sending_ && (now >= end_ || stop_.load(std::memory_order_relaxed));
    if (is_last) end_ = std::min(end_, now);
    if (sending_ && open_loop()) draw(schedule, now);  // the last time, too: what was due while this thread slept
    if (is_last) sending_ = false;
    if (!sending_) {
      const bool stopped = stop_.load(std::memory_order_relaxed);
      if (unfinished() == 0 || now >= end_ + (stopped ? drain_time_when_stopped : drain_time)) break;
    }
    if (!result_.fatal.empty()) break;

    send_due(now);
    reconnect(now);
    for (connection* c : unsent_) {
      c->listed_unsent = false;
      if (c->now == connection::phase::open && !c->wants_write) flush(*c);
    }
    unsent_.clear();
    if (now - last_expire_ > 50 * nanos_per_ms) expire(now);
    if (progress_ && now >= next_progress) {
      next_progress = now + progress_interval;
      progress_(result_.answered, static_cast<double>(now - count_from_) / 1e9);
    }

    nanos wake = next_wake(now);
    if (sending_) {
      wake = std::min(wake, end_);
      if (open_loop()) wake = std::min(wake, schedule.due());
    }
    const nanos left = std::max<nanos>(wake - steady_now(), 0);
    const timespec limit{.tv_sec = left / nanos_per_second, .tv_nsec = left % nanos_per_second};
    const int ready = epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &limit, nullptr);
    if (ready < 0 && errno != EINTR) rt::throw_os_error("epoll_pwait2");
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      on_event(*static_cast<connection*>(event.data.ptr), event.events);
    }
  }

  const nanos now = steady_now();
  const auto leave_behind = [&](const request& r) {
    if (!counted(r)) return;
    ++result_.unanswered;
    result_.latency.record(now - r.intended);
  };
  for (const connection& c : connections_) {
    for (const request& r : c.in_flight) leave_behind(r);
    for (const request& r : c.resend) leave_behind(r);
  }
  for (const request& r : waiting_) leave_behind(r);
  result_.seconds = static_cast<double>(std::max<nanos>(end_ - count_from_, 0)) / 1e9;
  return std::move(result_);
}

/// What has become due, before the end.
void generator::draw(arrivals& schedule, nanos now) {
  for (; schedule.due() <= now && schedule.due() < end_; schedule.advance()) {
    if (waiting_.size() >= most_waiting) {
      if (schedule.due() >= count_from_) ++result_.errors["not sent: a million requests were waiting"];
      continue;
    }
    if (waiting_.size() < free_.size() && schedule.due() >= count_from_) result_.lag.record(now - schedule.due());
    waiting_.push_back({.intended = schedule.due()});
  }
}

/// False: the run cannot go on (fatal is set). A refusal is not that: the connection is tried again later.
bool generator::open(connection& c) {
  c.fd = rt::unique_fd(::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!c.fd) {
    if (errno != EMFILE && errno != ENFILE) rt::throw_os_error("socket");
    result_.fatal = "cannot open " + std::to_string(options_.connections) + " connections: " + std::strerror(errno) +
                    " (see `ulimit -n`, or give a smaller --connections)";
    return false;
  }
  const int on = 1;
  ::setsockopt(c.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  --closed_;
  c.now = connection::phase::connecting;
  c.parser = response_parser();
  c.parser.expect_head(options_.method == "HEAD");
  c.answered_here = 0;
  c.peer_closed = false;
  c.out.clear();
  const int rc = ::connect(c.fd.get(), reinterpret_cast<const sockaddr*>(&address_), address_size_);
  if (rc < 0 && errno != EINPROGRESS) {
    drop(c, std::strerror(errno));
    return true;
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data = {.ptr = &c}};
  c.wants_write = true;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c.fd.get(), &event) < 0) rt::throw_os_error("epoll_ctl");
  return true;
}

void generator::on_event(connection& c, std::uint32_t events) {
  if (c.now == connection::phase::closed) return;
  if (c.now == connection::phase::connecting) return on_connected(c);
  if (events & (EPOLLRDHUP | EPOLLHUP)) c.peer_closed = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) read(c);
  if (c.now == connection::phase::open && (events & EPOLLOUT)) flush(c);
}

void generator::on_connected(connection& c) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(c.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return drop(c, std::strerror(error));
  c.now = connection::phase::open;
  flush(c);  // nothing to send yet; stops waiting for writability
  if (c.now != connection::phase::open) return;
  list_free(c);
  resend_ -= c.resend.size();
  for (const request& r : std::exchange(c.resend, {})) send(c, r, steady_now());
  refill_closed_loop(c, steady_now());
}

void generator::read(connection& c) {
  // One connection gets at most a few buffers a round, so that a fast one does not starve the rest.
  for (int round = 0; round < 4; ++round) {
    const ssize_t got = ::recv(c.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return drop(c, std::strerror(errno));
    }
    if (got == 0) {
      if (!c.in_flight.empty() && c.parser.finish()) on_response(c);
      return drop(c, c.parser.started() ? "closed in the middle of a response" : "closed without a response");
    }
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
    while (!bytes.empty()) {
      if (c.in_flight.empty()) return drop(c, "bytes that nobody asked for");
      const auto outcome = c.parser.feed(bytes);
      if (outcome == response_parser::outcome::need_more) break;
      if (outcome == response_parser::outcome::bad) return drop(c, c.parser.error());
      const bool keep = c.parser.keep_alive();
      on_response(c);
      if (!keep) return drop(c, "closed by the server");
    }
    if (static_cast<std::size_t>(got) < buffer_.size()) return;
  }
}

void generator::flush(connection& c) {
  while (!c.out.empty()) {
    const ssize_t sent = ::send(c.fd.get(), c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (sent < 0) return drop(c, std::strerror(errno));
    c.out.erase(0, static_cast<std::size_t>(sent));
  }
  const bool wants_write = !c.out.empty();
  if (wants_write == c.wants_write) return;
  c.wants_write = wants_write;
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | (wants_write ? EPOLLOUT : 0u), .data = {.ptr = &c}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, c.fd.get(), &event) < 0) rt::throw_os_error("epoll_ctl");
}

void generator::on_response(connection& c) {
  const nanos now = steady_now();
  const request r = c.in_flight.front();
  c.in_flight.pop_front();
  --in_flight_;
  ++c.answered_here;
  c.failures = 0;
  ever_answered_ = true;
  const int status = c.parser.status();
  const bool good = status >= 200 && status < 400;
  if (good && now >= count_from_ && now < end_) ++result_.answered_in_time;
  if (counted(r)) {
    ++result_.statuses[status];
    ++(good ? result_.answered : result_.refused_by_status);
    result_.body_bytes += c.parser.body_bytes();
    result_.latency.record(now - r.intended);
  }
  const bool keep = c.parser.keep_alive();
  c.parser.reset();
  if (!keep) return;
  list_free(c);
  if (open_loop()) {
    send_due(now);
  } else {
    refill_closed_loop(c, now);
  }
}

void generator::send_due(nanos now) {
  while (!waiting_.empty()) {
    connection* c = take_free();
    if (!c) return;
    const request r = waiting_.front();
    waiting_.pop_front();
    send(*c, r, now);
    list_free(*c);
  }
}

void generator::send(connection& c, request r, nanos now) {
  r.sent = now;
  c.in_flight.push_back(r);
  ++in_flight_;
  c.out += request_bytes_;
  if (!c.listed_unsent) unsent_.push_back(&c);
  c.listed_unsent = true;
}

void generator::refill_closed_loop(connection& c, nanos now) {
  if (open_loop() || !sending_ || now >= end_ || c.peer_closed) return;
  while (c.in_flight.size() < options_.pipeline) send(c, {.intended = now}, now);
}

/// Ends a connection. Requests that the server never began to answer on a connection that had worked before are sent
/// again, up to three times: the server closed an idle connection, or announced that it closes. All others in flight
/// are errors.
void generator::drop(connection& c, const char* why) {
  const nanos now = steady_now();
  const bool was_connecting = c.now == connection::phase::connecting;
  const bool retry = c.answered_here > 0 && !c.parser.started();
  const std::string reason = was_connecting ? std::string("cannot connect: ") + why : why;
  c.now = connection::phase::closed;
  ++closed_;
  c.fd.reset();
  c.out.clear();
  in_flight_ -= c.in_flight.size();
  for (auto r = c.in_flight.rbegin(); r != c.in_flight.rend(); ++r) {
    if (retry && r->retries < most_retries) {
      ++r->retries;
      if (open_loop()) {
        waiting_.push_front(*r);
      } else {
        c.resend.insert(c.resend.begin(), *r);
        ++resend_;
      }
    } else {
      count_error(*r, reason);
    }
  }
  const bool clean = c.in_flight.empty() || retry;
  c.in_flight.clear();
  if (was_connecting || !clean) {
    ++c.failures;
    if (was_connecting && sending_ && now >= count_from_) ++result_.errors[reason];
    if (was_connecting && !ever_answered_ && ++refusals_ >= refusals_to_give_up)
      result_.fatal = reason + " (" + std::to_string(refusals_) + " times in a row, without one answer)";
  } else {
    ++result_.reconnects;
  }
  const nanos pause = c.failures == 0 ? 0 : (nanos_per_ms << std::min(c.failures, 10u));
  c.reopen_at = now + pause;
}

void generator::reconnect(nanos now) {
  if (closed_ == 0 || !wants_connections()) return;
  for (connection& c : connections_) {
    if (c.now == connection::phase::closed && c.reopen_at <= now && !open(c)) return;
  }
}

void generator::expire(nanos now) {
  last_expire_ = now;
  const nanos limit = from_seconds(options_.timeout_seconds);
  for (connection& c : connections_) {
    if (!c.in_flight.empty() && now - c.in_flight.front().sent > limit) {
      c.answered_here = 0;  // not sent again: it had its time
      drop(c, "timeout");
    }
  }
}

void generator::list_free(connection& c) {
  if (c.listed_free || c.peer_closed || c.now != connection::phase::open || c.in_flight.size() >= options_.pipeline)
    return;
  c.listed_free = true;
  free_.push_back(&c);
}

connection* generator::take_free() {
  while (!free_.empty()) {
    connection* c = free_.back();
    free_.pop_back();
    c->listed_free = false;
    if (c->now == connection::phase::open && !c->peer_closed && c->in_flight.size() < options_.pipeline) return c;
  }
  return nullptr;
}

void generator::count_error(const request& r, const std::string& kind) {
  if (counted(r)) ++result_.errors[kind];
}

nanos generator::next_wake(nanos now) const {
  nanos wake = now + 50 * nanos_per_ms;  // timeouts, progress and `stop` are looked at this often
  if (closed_ == 0 || !wants_connections()) return wake;
  for (const connection& c : connections_) {
    if (c.now == connection::phase::closed) wake = std::min(wake, c.reopen_at);
  }
  return wake;
}

}  // namespace

std::uint64_t load_result::failed() const {
  return std::accumulate(errors.begin(), errors.end(), std::uint64_t{0},
                         [](auto sum, const auto& e) { return sum + e.second; });
}

load_result run_load(const load_options& options, const std::atomic<bool>& stop, const load_progress& progress) {
  return generator(options, stop, progress).run();
}

}  // namespace hocket::tools
