// The load of the mixed workloads, and their judge: starts the program after `--`, has it start its CPU tasks, and at
// the same moment sends requests in an open loop, one thread, whether they are answered or not.
//
//   load [--workers N] [--seconds S] [--rate R] [--connections N] [--heavy R] [--neighbours N] ... -- PROGRAM
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
#include <optional>
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
#include "neighbours.hpp"
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
  stream(int port, unsigned connections, double rate, mixed::want what)
      : rate_(rate), what_(what), connections_(rate > 0 ? connections : 0) {
    for (connection& c : connections_) {
      c.fd = bench::closed_loop::connect_to(port);
      mixed::stamp_arrivals(c.fd);
      c.heavy = what == mixed::want::burn;
    }
  }

  std::span<connection> connections() { return connections_; }

  /// Requests are due from `first` until `end`, and those since `main` count.
  void begin(nanos first, nanos main, nanos end, std::uint64_t seed) {
    first_ = first, main_ = main, end_ = end;
    if (!connections_.empty()) schedule_.emplace(arrival_kind::poisson, rate_, first, seed);
  }

  /// Sends what is due; gives when the next one is.
  nanos send_due(nanos at) {
    if (!schedule_) return end_;
    for (; schedule_->due() <= at && schedule_->due() < end_; schedule_->advance()) {
      if (waiting_.size() >= most_waiting) continue;
      if (waiting_.empty() && schedule_->due() >= main_) lag.record(at - schedule_->due());
      waiting_.push_back(schedule_->due());
    }
    for (connection* c = nullptr; !waiting_.empty() && (c = next_connection()) != nullptr;) {
      c->asked.push_back(waiting_.front());
      waiting_.pop_front();
      char message[mixed::message_size] = {static_cast<char>(what_)};
      if (::send(c->fd, message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof message) give_up("send");
    }
    return schedule_->due();
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

  const double rate_;  // a second
  const mixed::want what_;
  std::vector<connection> connections_;
  std::size_t turn_ = 0;
  std::optional<arrivals> schedule_;  // once it has begun
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

/// The streams of requests against one server, and what is read off it meanwhile.
class measurement {
 public:
  measurement(const bench::child_process& server, const bench::options& o)
      : server_(server),
        rate_(o.number("rate", 10'000)),
        heavy_rate_(o.number("heavy", 0)),
        seconds_(o.number("seconds", 4)),
        workers_(o.workers),
        has_cpu_work_(o.integer("kind", 0) != 0 && heavy_rate_ == 0),
        light_(server.port(), static_cast<unsigned>(o.integer("connections", 64)), rate_, mixed::want::echo),
        heavy_(server.port(), 64, heavy_rate_, mixed::want::burn),
        control_(bench::closed_loop::connect_to(server.port())),
        epoll_(::epoll_create1(0)) {
    for (stream* s : {&light_, &heavy_}) {
      for (connection& c : s->connections()) {
        watch(c.fd, &c);
        ask(c.fd, mixed::want::units);  // every handler is there
      }
    }
    ask(control_, mixed::want::units);
    watch(control_, nullptr);
  }

  /// A second that counts apart, and those that count.
  void run() {
    is_urgent_ = become_urgent();
    send_to_control(mixed::want::start);
    const nanos first = now(), main = first + second, end = main + static_cast<nanos>(seconds_ * second);
    const auto seed = static_cast<std::uint64_t>(first);
    light_.begin(first, main, end, seed);
    heavy_.begin(first, main, end, seed + 1);
    std::vector<nanos> to_ask = {end, main};
    for (;;) {
      const nanos at = now();
      if (at >= end + second / 2 || (at >= end && readings_.size() == 2)) break;
      nanos wake = std::min(light_.send_due(at), heavy_.send_due(at));
      if (!to_ask.empty() && at >= to_ask.back()) {
        to_ask.pop_back();
        send_to_control(mixed::want::units);
      }
      read_answers();
      if (!to_ask.empty()) wake = std::min(wake, to_ask.back());
      // At the end nothing is due any more, and the last readings are to come.
      sleep_until(at < end ? std::min(wake, at + longest_sleep) : at + longest_sleep);
    }
    const nanos over = now();
    light_.close(over);
    heavy_.close(over);
  }

  void report() {
    const auto ms = [](std::int64_t n) { return static_cast<double>(n) / 1e6; };
    bench::metric("p50_ms", "ms", ms(light_.in_main.percentile(50)));
    bench::metric("p99_ms", "ms", ms(light_.in_main.percentile(99)));
    bench::metric("p999_ms", "ms", ms(light_.in_main.percentile(99.9)));
    bench::metric("first_p50_ms", "ms", ms(light_.in_first.percentile(50)));
    bench::metric("first_p99_ms", "ms", ms(light_.in_first.percentile(99)));
    bench::metric("rps", "1/s", static_cast<double>(light_.answered) / seconds_);
    if (heavy_rate_ > 0) {
      // What was asked of the processors, and done in the window.
      const auto asked = static_cast<double>(heavy_.served + heavy_.unanswered);
      bench::metric("share", "", static_cast<double>(heavy_.served) / asked);
      bench::metric("heavy_p99_ms", "ms", ms(heavy_.in_main.percentile(99)));
    }
    if (readings_.size() == 2) report_processors(readings_[0], readings_[1]);
    const std::int64_t lag = light_.lag.percentile(99);
    bench::metric("lag_p99_us", "us", static_cast<double>(lag) / 1e3);
    if (lag > (is_urgent_ ? 1'000'000 : 200'000)) {
      std::printf("{\"withheld\":\"the load generator itself was late by %.2f ms (p99)%s\"}\n", ms(lag),
                  is_urgent_ ? "" : ", and has no real-time priority");
    }
    if (light_.not_stamped + heavy_.not_stamped > 0) {
      std::printf("{\"withheld\":\"the kernel did not say when %llu answers came\"}\n",
                  static_cast<unsigned long long>(light_.not_stamped + heavy_.not_stamped));
    }
  }

 private:
  void watch(int fd, connection* c) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = c}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) give_up("epoll_ctl");
  }

  void send_to_control(mixed::want what) const {
    const char message[mixed::message_size] = {static_cast<char>(what)};
    if (::send(control_, message, sizeof message, MSG_NOSIGNAL) != sizeof message) give_up("send");
  }

  void read_answers() {
    epoll_event events[256];
    const int n = ::epoll_wait(epoll_, events, 256, 0);
    if (n < 0 && errno != EINTR) give_up("epoll_wait");
    for (int i = 0; i < n; ++i) {
      if (auto* const c = static_cast<connection*>(events[i].data.ptr)) {
        (c->heavy ? heavy_ : light_).read(*c);
        continue;
      }
      char answer[mixed::message_size];
      if (::recv(control_, answer, sizeof answer, MSG_WAITALL) != sizeof answer) give_up("recv");
      if (static_cast<mixed::want>(answer[0]) != mixed::want::units) continue;
      readings_.push_back({now(), now_of(CLOCK_THREAD_CPUTIME_ID), server_.cpu_nanos(), server_.cpu_nanos(stands_by),
                           mixed::get_units(answer)});
    }
  }

  /// What was used, and what of the CPU work was done, between two readings.
  void report_processors(const reading& a, const reading& b) {
    const auto window = static_cast<double>(b.at - a.at);
    const double generator = static_cast<double>(b.own_cpu - a.own_cpu) / window;
    const double busy = (b.server_cpu - a.server_cpu) / window;
    if (has_cpu_work_) {
      const double alone = units_per_second_alone();
      // The generator takes its part of the processors; what is left for the program is what it may use.
      const double cpus = static_cast<double>(std::thread::hardware_concurrency());
      const double left = std::min<double>(workers_, cpus - generator) / std::min<double>(workers_, cpus);
      bench::metric("share", "", rate_between(a, b) / alone / left);
      bench::metric("alone_units_per_s", "1/s", alone);
    }
    bench::metric("generator_cpu", "", generator);
    bench::metric("program_cpu", "", busy);
    if (b.standby_cpu > 0) {
      bench::metric("standby_cpu_percent", "%", 100.0 * (b.standby_cpu - a.standby_cpu) / window);
    }
    bench::metric("cpu_us_per_request", "us",
                  busy * window / 1e3 / std::max<double>(1, static_cast<double>(light_.answered)));
  }

  double units_per_second_alone() const {
    ::usleep(100'000);
    const reading a = {.at = now(), .units = ask(control_, mixed::want::units)};
    ::usleep(static_cast<useconds_t>(std::clamp(seconds_ / 2, 0.5, 2.0) * 1e6));
    const reading b = {.at = now(), .units = ask(control_, mixed::want::units)};
    return rate_between(a, b);
  }

  const bench::child_process& server_;
  const double rate_, heavy_rate_, seconds_;
  const unsigned workers_;
  const bool has_cpu_work_;
  stream light_, heavy_;
  const int control_, epoll_;
  bool is_urgent_ = false;
  std::vector<reading> readings_;  // at the begin and the end of what counts
};

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
  const mixed::neighbours others(o.integer("neighbours", 0));
  measurement m(server, o);
  m.run();
  m.report();
}
