// The load of the mixed workloads, and their judge: starts the program after `--`, has it start its CPU tasks, and at
// the same moment sends requests in an open loop, one thread, whether they are answered or not.
//
//   load [--workers N] [--seconds S] [--rate R] [--connections N] [--heavy R] ... -- PROGRAM
//
// Due times are drawn beforehand, and a latency counts from the due time: no coordinated omission. A request goes to a
// connection on which nothing is asked, else behind others: who falls behind can catch up. What is unanswered at the
// end counts with its age. The first second is reported apart, then `seconds`, then a while without load, which says
// what the CPU tasks achieve alone. The thread asks for real-time priority, because it shares the processors with what
// it measures; without it, a round in which it was late itself is withheld.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "../../tools/hocket/arrivals.hpp"
#include "../../tools/hocket/histogram.hpp"
#include "common/bench.hpp"
#include "protocol.hpp"

namespace {

using hocket::tools::arrival_kind;
using hocket::tools::arrivals;
using hocket::tools::histogram;
using nanos = std::int64_t;

constexpr nanos second = 1'000'000'000;
constexpr std::size_t most_waiting = 1'000'000;
constexpr std::size_t most_asked = 128;  // on one connection: what sockets' buffers hold without a doubt

nanos now_of(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * second + t.tv_nsec;
}
nanos now() { return now_of(CLOCK_MONOTONIC); }

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

/// The program under load.
class program {
 public:
  explicit program(char** command) {
    int ends[2];
    if (::pipe(ends) < 0) give_up("pipe");
    pid_ = ::fork();
    if (pid_ < 0) give_up("fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], 1);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execvp(command[0], command);
      std::perror(command[0]);
      std::_Exit(1);
    }
    ::close(ends[1]);
    std::string said;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) said += c;
    if (std::sscanf(said.c_str(), "port %d", &port_) != 1) {
      int status = 0;
      ::waitpid(std::exchange(pid_, -1), &status, 0);
      std::exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
    }
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<std::uint16_t>(port_));
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) < 0) give_up("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }

  /// Processor time so far of hocket's threads that stand by, in nanoseconds; -1: it has none.
  nanos standby_cpu() const {
    nanos sum = -1;
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task", gone)) {
      std::string name;
      nanos used = 0;
      std::ifstream(thread.path() / "comm") >> name;
      if (!name.starts_with("hocket-sb") && !name.starts_with("hocket-f")) continue;
      if (std::ifstream(thread.path() / "schedstat") >> used) sum = std::max<nanos>(sum, 0) + used;
    }
    return sum;
  }

  /// Processor time so far, in nanoseconds.
  nanos cpu() const {
    clockid_t clock;
    return ::clock_getcpuclockid(pid_, &clock) == 0 ? now_of(clock) : 0;
  }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

struct connection {
  int fd = -1;
  bool heavy = false;
  std::deque<nanos> asked;  // when each was due, in the order in which they will be answered
  std::size_t got = 0;      // bytes of the next answer
};

/// One kind of requests: when they are due, and the connections that carry them.
class stream {
 public:
  stream(const program& server, unsigned connections, double rate, mixed::want what, nanos start, std::uint64_t seed)
      : schedule_(arrival_kind::poisson, rate > 0 ? rate : 1e-9, start, seed),
        what_(what),
        connections_(rate > 0 ? connections : 0) {
    for (connection& c : connections_) {
      c.fd = server.connect();
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

  void got(connection& c, std::size_t bytes, nanos at) {
    for (c.got += bytes; c.got >= mixed::message_size; c.got -= mixed::message_size) {
      count(c.asked.front(), at);
      c.asked.pop_front();
      answered += at >= main_ && at < end_;
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
  nanos at = 0, own_cpu = 0, server_cpu = 0, standby_cpu = 0;
  std::uint64_t units = 0;
};

double rate_between(const reading& a, const reading& b) {
  return static_cast<double>(b.units - a.units) / (static_cast<double>(b.at - a.at) / second);
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
  std::vector<char*> command(argv + own + 1, argv + argc);
  command.insert(command.end(), argv + 1, argv + own);
  command.push_back(nullptr);

  program server(command.data());
  const double rate = o.number("rate", 10'000), heavy_rate = o.number("heavy", 0), seconds = o.number("seconds", 4);
  const auto seed = static_cast<std::uint64_t>(now());
  stream light(server, static_cast<unsigned>(o.integer("connections", 64)), rate, mixed::want::echo, 0, seed);
  stream heavy(server, 64, heavy_rate, mixed::want::burn, 0, seed + 1);
  const int control = server.connect();
  const int epoll = ::epoll_create1(0);
  const auto watch = [epoll](int fd, void* data) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = data}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) give_up("epoll_ctl");
  };
  for (connection& c : light.connections()) watch(c.fd, &c);
  for (connection& c : heavy.connections()) watch(c.fd, &c);
  for (connection& c : light.connections()) ask(c.fd, mixed::want::units);  // every handler is there
  for (connection& c : heavy.connections()) ask(c.fd, mixed::want::units);
  ask(control, mixed::want::units);
  const bool urgent = become_urgent();
  const int self = 0;
  watch(control, const_cast<int*>(&self));

  const auto read_meters = [&](std::uint64_t units) {
    return reading{now(), now_of(CLOCK_THREAD_CPUTIME_ID), server.cpu(), server.standby_cpu(), units};
  };
  char control_message[mixed::message_size] = {static_cast<char>(mixed::want::start)};
  if (::send(control, control_message, sizeof control_message, 0) < 0) give_up("send");
  const nanos first = now(), main = first + second, end = main + static_cast<nanos>(seconds * second);
  for (stream* s : {&light, &heavy}) s->windows(first, main, end);
  light.restart(first, rate, seed + 2);
  heavy.restart(first, heavy_rate, seed + 3);

  std::vector<reading> readings;
  std::vector<nanos> to_ask = {end, main};
  epoll_event events[256];
  for (;;) {
    nanos at = now();
    if (at >= end + second / 2 || (at >= end && readings.size() == 2)) break;
    nanos wake = std::min(light.send_due(at, end, main), heavy.send_due(at, end, main));
    if (!to_ask.empty() && at >= to_ask.back()) {
      to_ask.pop_back();
      control_message[0] = static_cast<char>(mixed::want::units);
      if (::send(control, control_message, sizeof control_message, 0) < 0) give_up("send");
    }
    wake = std::min(wake, to_ask.empty() ? end + second / 2 : to_ask.back());
    const nanos left = std::max<nanos>(wake - now(), 0);
    const timespec limit{.tv_sec = left / second, .tv_nsec = left % second};
    const int n = ::epoll_pwait2(epoll, events, 256, &limit, nullptr);
    if (n < 0 && errno != EINTR) give_up("epoll_pwait2");
    for (int i = 0; i < n; ++i) {
      if (events[i].data.ptr == &self) {
        if (::recv(control, control_message, sizeof control_message, MSG_WAITALL) != sizeof control_message)
          give_up("recv");
        if (static_cast<mixed::want>(control_message[0]) == mixed::want::units)
          readings.push_back(read_meters(mixed::get_units(control_message)));
        continue;
      }
      auto& c = *static_cast<connection*>(events[i].data.ptr);
      char answers[most_asked * mixed::message_size];
      const auto got = ::recv(c.fd, answers, sizeof answers, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) give_up("a connection was lost: recv");
      (c.heavy ? heavy : light).got(c, static_cast<std::size_t>(got), now());
    }
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
    const double busy = static_cast<double>(readings[1].server_cpu - readings[0].server_cpu) / window;
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
    if (readings[0].standby_cpu >= 0) {
      bench::metric("standby_cpu_percent", "%",
                    100.0 * static_cast<double>(readings[1].standby_cpu - readings[0].standby_cpu) / window);
    }
    bench::metric("cpu_us_per_request", "us",
                  busy * window / 1e3 / std::max<double>(1, static_cast<double>(light.answered)));
  }
  bench::metric("lag_p99_us", "us", static_cast<double>(light.lag.percentile(99)) / 1e3);
  if (light.lag.percentile(99) > (urgent ? 1'000'000 : 200'000)) {
    std::printf("{\"withheld\":\"the load generator itself was late by %.2f ms (p99)%s\"}\n",
                ms(light.lag.percentile(99)), urgent ? "" : ", and has no real-time priority");
  }
  return 0;
}
