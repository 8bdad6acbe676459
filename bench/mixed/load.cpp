// The load of the mixed workloads, and their judge: starts the program after `--`, has it start its CPU tasks, and at
// the same moment sends requests in an open loop, one thread, whether they are answered or not.
//
//   load [--workers N] [--seconds S] [--rate R] [--connections N] [--heavy R] ... -- PROGRAM
//
// Due times are drawn beforehand, and a latency counts from the due time until the answer is at this end: no
// coordinated omission. A request goes to a connection on which nothing is asked, else behind others: who falls behind
// can catch up. What is unanswered at the end counts with its age. The first second is reported apart, then `seconds`,
// then a while without load, which says what the CPU tasks achieve alone.
//
// The thread shares the processors with what it measures. So it asks for real-time priority; without it, a round in
// which it was late itself is withheld. And no answer wakes it: with that priority it would take the server's processor
// at each, in the midst of serving. It sleeps from one due time to the next, reads what has come, and when that came it
// has from the kernel.
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../tools/hocket/arrivals.hpp"
#include "../../tools/hocket/histogram.hpp"
#include "common/bench.hpp"
#include "common/child_process.hpp"
#include "common/closed_loop.hpp"
#include "common/server.hpp"
#include "protocol.hpp"
#include "stamped.hpp"

namespace {

using bench::give_up;
using hocket::tools::arrival_kind;
using hocket::tools::arrivals;
using hocket::tools::histogram;
using mixed::nanos;
using mixed::now;
using mixed::now_of;
using mixed::second;

constexpr nanos longest_sleep = second / 1000;  // so old may a reading of the CPU work be
constexpr std::size_t most_waiting = 1'000'000;
constexpr std::size_t most_asked = 128;  // on one connection: what sockets' buffers hold without a doubt

struct connection {
  int fd = -1;
  bool heavy = false;
  std::deque<nanos> asked;  // when each was due, in the order in which they will be answered
  std::size_t got = 0;      // bytes of the next answer
};

/// One kind of requests: when they are due, and the connections that carry them.
class stream {
 public:
  stream(int port, unsigned connections, double rate, mixed::want what, nanos start, std::uint64_t seed)
      : schedule_(arrival_kind::poisson, rate > 0 ? rate : 1e-9, start, seed),
        what_(what),
        connections_(rate > 0 ? connections : 0) {
    for (connection& c : connections_) {
      c.fd = bench::closed_loop::connect_to(port);
      mixed::stamp_arrivals(c.fd);
      c.heavy = what == mixed::want::burn;
    }
  }

  std::span<connection> connections() { return connections_; }
  void restart(nanos start, double rate, std::uint64_t seed) {
    schedule_ = arrivals(arrival_kind::poisson, rate > 0 ? rate : 1e-9, start, seed);
  }

  /// Sends what is due; gives when the next one is.
  nanos send_due(nanos at, nanos end, nanos count_from) {
    if (connections_.empty()) return end;
    for (; schedule_.due() <= at && schedule_.due() < end; schedule_.advance()) {
      if (waiting_.size() >= most_waiting) continue;
      if (waiting_.empty() && schedule_.due() >= count_from) lag.record(at - schedule_.due());
      waiting_.push_back(schedule_.due());
    }
    for (connection* c = nullptr; !waiting_.empty() && (c = next_connection()) != nullptr;) {
      c->asked.push_back(waiting_.front());
      waiting_.pop_front();
      char message[mixed::message_size] = {static_cast<char>(what_)};
      if (::send(c->fd, message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof message) give_up("send");
    }
    return schedule_.due();
  }

  /// Takes what came on `c`.
  void read(connection& c) {
    char answers[most_asked * mixed::message_size];
    const mixed::arrived came = mixed::receive_stamped(c.fd, answers);
    if (came.bytes < 0 && errno == EAGAIN) return;
    if (came.bytes <= 0) give_up("a connection was lost: recv");
    not_stamped += !came.is_stamped;
    c.got += static_cast<std::size_t>(came.bytes);
    for (; c.got >= mixed::message_size; c.got -= mixed::message_size) {
      count(c.asked.front(), came.at);
      c.asked.pop_front();
      answered += came.at >= main_ && came.at < end_;
    }
  }

  void windows(nanos first, nanos main, nanos end) { first_ = first, main_ = main, end_ = end; }

  /// What is still unanswered counts with its age.
  void close(nanos at) {
    const auto before = served;
    for (const connection& c : connections_) {
      for (const nanos due : c.asked) count(due, at);
    }
    for (const nanos due : waiting_) count(due, at);
    unanswered = served - before;
    served = before;
  }

  histogram in_first, in_main, lag;
  std::uint64_t served = 0, unanswered = 0;  // of those due in the main window
  std::uint64_t answered = 0;                // within the main window, whenever they were due
  std::uint64_t not_stamped = 0;             // reads of which the kernel did not say when it came

 private:
  /// The next one in turn on which nothing is asked, else the next one; nullptr: all are full.
  connection* next_connection() {
    connection* behind_others = nullptr;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connection& c = connections_[++turn_ % connections_.size()];
      if (c.asked.empty()) return &c;
      if (behind_others == nullptr && c.asked.size() < most_asked) behind_others = &c;
    }
    ++turn_;
    return behind_others;
  }

  void count(nanos due, nanos at) {
    if (due >= main_ && due < end_) {
      in_main.record(at - due);
      ++served;
    } else if (due >= first_ && due < main_) {
      in_first.record(at - due);
    }
  }

  arrivals schedule_;
  mixed::want what_;
  std::vector<connection> connections_;
  std::size_t turn_ = 0;
  std::deque<nanos> waiting_;
  nanos first_ = 0, main_ = 0, end_ = 0;
};

std::uint64_t ask(int fd, mixed::want what) {
  char message[mixed::message_size] = {static_cast<char>(what)};
  if (::send(fd, message, sizeof message, MSG_NOSIGNAL) != sizeof message) give_up("send");
  if (::recv(fd, message, sizeof message, MSG_WAITALL) != sizeof message) give_up("recv");
  return mixed::get_units(message);
}

struct reading {
  nanos at = 0, own_cpu = 0;
  double server_cpu = 0, standby_cpu = 0;
  std::uint64_t units = 0;
};

double rate_between(const reading& a, const reading& b) {
  return static_cast<double>(b.units - a.units) / (static_cast<double>(b.at - a.at) / second);
}

/// A thread of hocket that stands by.
bool stands_by(std::string_view thread) { return thread.starts_with("hocket-sb") || thread.starts_with("hocket-f"); }

void sleep_until(nanos when) {
  const timespec until{.tv_sec = when / second, .tv_nsec = when % second};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

bool become_urgent() {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const sched_param priority{.sched_priority = 50};
  return ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  int own = 1;
  while (own < argc && std::strcmp(argv[own], "--") != 0) ++own;
  if (own + 1 >= argc) {
    std::fprintf(stderr, "load: no program after --\n");
    return 2;
  }
  const auto o = bench::parse(own, argv, 1);
  // The program gets the same arguments.
  std::vector<std::string> command(argv + own + 1, argv + argc);
  command.insert(command.end(), argv + 1, argv + own);

  const bench::child_process server(command, -1);
  const double rate = o.number("rate", 10'000), heavy_rate = o.number("heavy", 0), seconds = o.number("seconds", 4);
  const auto seed = static_cast<std::uint64_t>(now());
  stream light(server.port(), static_cast<unsigned>(o.integer("connections", 64)), rate, mixed::want::echo, 0, seed);
  stream heavy(server.port(), 64, heavy_rate, mixed::want::burn, 0, seed + 1);
  const int control = bench::closed_loop::connect_to(server.port());
  const int epoll = ::epoll_create1(0);
  const auto watch = [epoll](int fd, connection* c) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = c}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) give_up("epoll_ctl");
  };
  for (stream* s : {&light, &heavy}) {
    for (connection& c : s->connections()) {
      watch(c.fd, &c);
      ask(c.fd, mixed::want::units);  // every handler is there
    }
  }
  ask(control, mixed::want::units);
  const bool urgent = become_urgent();
  watch(control, nullptr);

  const auto read_meters = [&](std::uint64_t units) {
    return reading{now(), now_of(CLOCK_THREAD_CPUTIME_ID), server.cpu_nanos(), server.cpu_nanos(stands_by), units};
  };
  char control_message[mixed::message_size] = {static_cast<char>(mixed::want::start)};
  if (::send(control, control_message, sizeof control_message, 0) < 0) give_up("send");
  const nanos first = now(), main = first + second, end = main + static_cast<nanos>(seconds * second);
  for (stream* s : {&light, &heavy}) s->windows(first, main, end);
  light.restart(first, rate, seed + 2);
  heavy.restart(first, heavy_rate, seed + 3);

  std::vector<reading> readings;
  std::vector<nanos> to_ask = {end, main};
  const auto read_answers = [&] {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll, events, 256, 0);
    if (n < 0 && errno != EINTR) give_up("epoll_wait");
    for (int i = 0; i < n; ++i) {
      if (auto* const c = static_cast<connection*>(events[i].data.ptr)) {
        (c->heavy ? heavy : light).read(*c);
        continue;
      }
      if (::recv(control, control_message, sizeof control_message, MSG_WAITALL) != sizeof control_message)
        give_up("recv");
      if (static_cast<mixed::want>(control_message[0]) == mixed::want::units)
        readings.push_back(read_meters(mixed::get_units(control_message)));
    }
  };
  for (;;) {
    const nanos at = now();
    if (at >= end + second / 2 || (at >= end && readings.size() == 2)) break;
    nanos wake = std::min(light.send_due(at, end, main), heavy.send_due(at, end, main));
    if (!to_ask.empty() && at >= to_ask.back()) {
      to_ask.pop_back();
      control_message[0] = static_cast<char>(mixed::want::units);
      if (::send(control, control_message, sizeof control_message, 0) < 0) give_up("send");
    }
    read_answers();
    if (!to_ask.empty()) wake = std::min(wake, to_ask.back());
    // At the end nothing is due any more, and the last readings are to come.
    sleep_until(at < end ? std::min(wake, at + longest_sleep) : at + longest_sleep);
  }
  const nanos over = now();
  for (stream* s : {&light, &heavy}) s->close(over);

  const auto ms = [](std::int64_t n) { return static_cast<double>(n) / 1e6; };
  bench::metric("p50_ms", "ms", ms(light.in_main.percentile(50)));
  bench::metric("p99_ms", "ms", ms(light.in_main.percentile(99)));
  bench::metric("p999_ms", "ms", ms(light.in_main.percentile(99.9)));
  bench::metric("first_p50_ms", "ms", ms(light.in_first.percentile(50)));
  bench::metric("first_p99_ms", "ms", ms(light.in_first.percentile(99)));
  bench::metric("rps", "1/s", static_cast<double>(light.answered) / seconds);
  if (heavy_rate > 0) {
    // What was asked of the processors, and done in the window.
    bench::metric("share", "",
                  static_cast<double>(heavy.served) / static_cast<double>(heavy.served + heavy.unanswered));
    bench::metric("heavy_p99_ms", "ms", ms(heavy.in_main.percentile(99)));
  }
  if (readings.size() == 2) {
    const double window = static_cast<double>(readings[1].at - readings[0].at);
    const double generator = static_cast<double>(readings[1].own_cpu - readings[0].own_cpu) / window;
    const double busy = (readings[1].server_cpu - readings[0].server_cpu) / window;
    if (heavy_rate == 0 && o.integer("kind", 0) != 0) {
      usleep(100'000);
      const reading a = {now(), 0, 0, 0, ask(control, mixed::want::units)};
      usleep(static_cast<useconds_t>(std::clamp(seconds / 2, 0.5, 2.0) * 1e6));
      const reading b = {now(), 0, 0, 0, ask(control, mixed::want::units)};
      const double under = rate_between(readings[0], readings[1]), alone = rate_between(a, b);
      // The generator takes its part of the processors; what is left for the program is what it may use.
      const double cpus = static_cast<double>(std::thread::hardware_concurrency());
      const double left = std::min<double>(o.workers, cpus - generator) / std::min<double>(o.workers, cpus);
      bench::metric("share", "", under / alone / left);
      bench::metric("alone_units_per_s", "1/s", alone);
    }
    bench::metric("generator_cpu", "", generator);
    bench::metric("program_cpu", "", busy);
    if (readings[1].standby_cpu > 0) {
      bench::metric("standby_cpu_percent", "%", 100.0 * (readings[1].standby_cpu - readings[0].standby_cpu) / window);
    }
    bench::metric("cpu_us_per_request", "us",
                  busy * window / 1e3 / std::max<double>(1, static_cast<double>(light.answered)));
  }
  bench::metric("lag_p99_us", "us", static_cast<double>(light.lag.percentile(99)) / 1e3);
  if (light.lag.percentile(99) > (urgent ? 1'000'000 : 200'000)) {
    std::printf("{\"withheld\":\"the load generator itself was late by %.2f ms (p99)%s\"}\n",
                ms(light.lag.percentile(99)), urgent ? "" : ", and has no real-time priority");
  }
  if (light.not_stamped + heavy.not_stamped > 0) {
    std::printf("{\"withheld\":\"the kernel did not say when %llu answers came\"}\n",
                static_cast<unsigned long long>(light.not_stamped + heavy.not_stamped));
  }
  return 0;
}
