// Runs the tutorial programs as child processes and compares what they print with expected.json, byte for byte.
//
//   seed_runner --dir DIR --expected FILE [--virtual] [--repeat N] [--workers 1,2,4,8] [--load] [--jobs N]
//               [--only NAME] [--limit SECONDS] [--times N]
//
// `--times`: the programs of DIR are those of build/<preset>/tests/seeds (again.cpp), which run N times in one process;
// each time is compared, and a process with one that differs counts as N that failed. Ten times as fast as N processes.
// In expected.json a '*' stands for any text within its line. In real time a program must also take its own number of
// seconds, and one that differs runs twice more, which is said; under the virtual clock it must take none. `--load`
// keeps every core busy from this process meanwhile. Ends with "N passed, M failed"; the exit code is 0 only if nothing
// failed and something ran.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

constexpr int real_time_retries = 2;

struct options {
  std::string dir;
  std::string expected;
  std::string only;
  bool virtual_clock = false;
  bool load = false;
  int repeat = 1;
  int times = 0;           // in each process; 0: once, by a program that takes no argument
  unsigned jobs = 0;       // 0: all at once in real time, two per core under the virtual clock
  double limit_s = 60;     // a child that takes longer is killed and counted as failed; for 100 times of --times
  double lateness_s = 20;  // how much longer than its sleeps a program may take, likewise: machines are loaded
  std::vector<std::string> workers = {""};  // "": as the environment says
};

/// How often the limits count for one process.
double share_of_limits(const options& o) { return std::max(1.0, o.times / 100.0); }

struct golden {
  std::string name;
  std::string out;
  int exit_code = 0;
  double seconds = 0;
  std::vector<std::string> err_contains;
};

struct job {
  const golden* program;
  std::string workers;
};

struct outcome {
  std::string out, err;
  int exit_code = 0;
  double seconds = 0;
  bool timed_out = false;
};

[[noreturn]] void usage_error(const std::string& what) {
  std::fprintf(stderr, "seed_runner: %s\n", what.c_str());
  std::exit(2);
}

[[noreturn]] void os_error(const char* call, int error) {
  std::fprintf(stderr, "seed_runner: %s: %s\n", call, std::strerror(error));
  std::exit(2);
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) usage_error(flag + " needs a value");
      return argv[i];
    };
    const auto number = [&] {
      const int n = std::atoi(value().c_str());
      if (n <= 0) usage_error(flag + " needs a number above 0");
      return n;
    };
    if (flag == "--dir") o.dir = value();
    else if (flag == "--expected") o.expected = value();
    else if (flag == "--only") o.only = value();
    else if (flag == "--virtual") o.virtual_clock = true;
    else if (flag == "--load") o.load = true;
    else if (flag == "--repeat") o.repeat = number();
    else if (flag == "--times") o.times = number();
    else if (flag == "--jobs") o.jobs = static_cast<unsigned>(std::atoi(value().c_str()));
    else if (flag == "--limit") o.limit_s = std::atof(value().c_str());
    else if (flag == "--workers") o.workers = split(value());
    else usage_error("unknown option " + flag);
  }
  if (o.dir.empty() || o.expected.empty()) usage_error("--dir and --expected are needed");
  return o;
}

std::vector<golden> read_expected(const options& o) {
  std::ifstream file(o.expected);
  if (!file) usage_error("cannot read " + o.expected);
  std::vector<golden> all;
  const auto document = nlohmann::json::parse(file);
  for (const auto& [name, entry] : document.items()) {
    if (!o.only.empty() && name != o.only) continue;
    all.push_back({name, entry.at("stdout").get<std::string>(), entry.at("exit").get<int>(),
                   entry.at("seconds").get<double>(), entry.at("stderr_contains").get<std::vector<std::string>>()});
  }
  if (all.empty()) usage_error("no program of that name");
  return all;
}

/// Whether `text` is `pattern`, in which '*' stands for any text without a line's end.
bool matches(std::string_view pattern, std::string_view text) {
  while (!pattern.empty() && pattern.front() != '*') {
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty()) return text.empty();
  pattern.remove_prefix(1);
  while (true) {
    if (matches(pattern, text)) return true;
    if (text.empty() || text.front() == '\n') return false;
    text.remove_prefix(1);
  }
}

/// The environment of a child: ours without HOCKET_ variables, and those that the job asks for.
std::vector<std::string> child_environment(const options& o, const job& j) {
  std::vector<std::string> env;
  for (char** e = environ; *e != nullptr; ++e) {
    if (std::strncmp(*e, "HOCKET_", 7) != 0 || j.workers.empty()) env.emplace_back(*e);
  }
  if (!j.workers.empty()) env.push_back("HOCKET_WORKERS=" + j.workers);
  if (o.virtual_clock) env.emplace_back("HOCKET_VIRTUAL_CLOCK=1");
  return env;
}

std::string contents(int fd) {
  std::string text;
  char buffer[4096];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

/// What of a long text fits a report.
std::string head(const std::string& text) {
  constexpr std::size_t most = 4000;
  return text.size() <= most ? text : text.substr(0, most) + "...\n";
}

outcome run_child(const options& o, const job& j) {
  const std::string path = o.dir + "/" + j.program->name;
  const int out = ::memfd_create("stdout", MFD_CLOEXEC);
  const int err = ::memfd_create("stderr", MFD_CLOEXEC);
  if (out < 0 || err < 0) os_error("memfd_create", errno);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  auto env = child_environment(o, j);
  std::vector<char*> envp;
  for (auto& e : env) envp.push_back(e.data());
  envp.push_back(nullptr);
  const std::string times = std::to_string(o.times);
  char* argv[] = {const_cast<char*>(path.c_str()), o.times > 0 ? const_cast<char*>(times.c_str()) : nullptr, nullptr};

  const auto start = steady::now();
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, argv, envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) os_error(path.c_str(), error);

  outcome result;
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) os_error("pidfd_open", errno);
  pollfd wait_for_end{pidfd, POLLIN, 0};
  if (::poll(&wait_for_end, 1, static_cast<int>(o.limit_s * 1000 * share_of_limits(o))) == 0) {
    result.timed_out = true;
    ::kill(pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.seconds = std::chrono::duration<double>(steady::now() - start).count();
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = contents(out);
  result.err = contents(err);
  ::close(pidfd);
  ::close(out);
  ::close(err);
  return result;
}

/// Empty when what the program did is what is expected of it, else what was wrong.
std::string complaint(const golden& g, std::string_view out, std::string_view err, int exit_code) {
  if (!matches(g.out, out)) return "stdout differs";
  if (exit_code != g.exit_code) return "exit code " + std::to_string(exit_code);
  for (const auto& text : g.err_contains) {
    if (err.find(text) == std::string_view::npos) return "stderr lacks: " + text;
  }
  if (g.err_contains.empty() && !err.empty()) return "stderr is not empty";
  return "";
}

std::string_view cut_at(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

/// The same for a process that did it many times.
std::string complaint_of_any(const options& o, const golden& g, outcome& r) {
  std::string_view out = r.out, err = r.err;
  for (int i = 0; i < o.times; ++i) {
    const auto printed = cut_at(out, '\f'), warned = cut_at(err, '\f'), code = cut_at(out, '\n');
    std::string wrong =
        code.empty() ? "did not come to its end" : complaint(g, printed, warned, std::atoi(code.data()));
    if (wrong.empty()) continue;
    r.out = std::string(printed), r.err = std::string(warned);
    return "at time " + std::to_string(i + 1) + ": " + wrong;
  }
  if (r.exit_code != 0) return "exit code " + std::to_string(r.exit_code) + " after the last time";
  return out.empty() && err.empty() ? "" : "printed something behind its end";
}

std::string complaint(const options& o, const golden& g, outcome& r) {
  if (r.timed_out) return "did not end within " + std::to_string(o.limit_s * share_of_limits(o)) + " s";
  if (std::string wrong = o.times > 0 ? complaint_of_any(o, g, r) : complaint(g, r.out, r.err, r.exit_code);
      !wrong.empty()) {
    return wrong;
  }
  const double expected = o.virtual_clock ? 0 : g.seconds * std::max(1, o.times);
  if (r.seconds < expected) return "ended after " + std::to_string(r.seconds) + " s, too early";
  if (r.seconds > expected + o.lateness_s * share_of_limits(o)) return "took " + std::to_string(r.seconds) + " s";
  return "";
}

class busy_cores {  // keeps every core busy while it lives
 public:
  explicit busy_cores(bool wanted) {
    const unsigned cores = wanted ? std::max(1u, std::thread::hardware_concurrency()) : 0;
    for (unsigned i = 0; i < cores; ++i) {
      threads_.emplace_back([this] {
        while (!stop_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~busy_cores() {
    stop_.store(true, std::memory_order_relaxed);
    for (auto& t : threads_) t.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

struct tally {
  int passed = 0;
  int failed = 0;
  double slowest_s = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const options o = parse(argc, argv);
  const auto programs = read_expected(o);
  std::vector<job> jobs;
  for (int i = 0; i < o.repeat; ++i) {
    for (const auto& w : o.workers) {
      for (const auto& p : programs) jobs.push_back({&p, w});
    }
  }
  const unsigned by_default =
      o.virtual_clock ? 2 * std::max(1u, std::thread::hardware_concurrency()) : static_cast<unsigned>(programs.size());
  const unsigned runners = o.jobs != 0 ? o.jobs : by_default;

  std::mutex mutex;  // guards what follows
  std::size_t next = 0;
  std::map<std::string, tally> table;  // by number of workers
  int failed = 0;

  const auto start = steady::now();
  {
    const busy_cores load(o.load);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < runners; ++i) {
      threads.emplace_back([&] {
        while (true) {
          std::unique_lock lock(mutex);
          if (next == jobs.size()) return;
          const job& j = jobs[next++];
          lock.unlock();
          outcome r = run_child(o, j);
          std::string wrong = complaint(o, *j.program, r);
          for (int again = o.virtual_clock ? 0 : real_time_retries; again > 0 && !wrong.empty(); --again) {
            std::fprintf(stderr, "%s: %s; in real time it may be the machine that stood still: once more\n",
                         j.program->name.c_str(), wrong.c_str());
            r = run_child(o, j);
            wrong = complaint(o, *j.program, r);
          }
          lock.lock();
          auto& t = table[j.workers];
          t.slowest_s = std::max(t.slowest_s, r.seconds);
          (wrong.empty() ? t.passed : t.failed) += std::max(1, o.times);
          if (!wrong.empty() && ++failed <= 10) {
            std::fprintf(stderr, "FAILED %s (workers %s): %s\n--- stdout:\n%s--- expected:\n%s--- stderr:\n%s\n",
                         j.program->name.c_str(), j.workers.empty() ? "default" : j.workers.c_str(), wrong.c_str(),
                         head(r.out).c_str(), j.program->out.c_str(), head(r.err).c_str());
          }
        }
      });
    }
    for (auto& t : threads) t.join();
  }

  const double seconds = std::chrono::duration<double>(steady::now() - start).count();
  for (const auto& [workers, t] : table) {
    std::printf("workers %-7s %7d passed, %d failed, slowest %.2f s\n", workers.empty() ? "default" : workers.c_str(),
                t.passed, t.failed, t.slowest_s);
  }
  const auto runs = static_cast<std::size_t>(std::max(1, o.times));
  std::printf("%zu passed, %zu failed (%zu programs, %.1f s%s%s)\n",
              (jobs.size() - static_cast<std::size_t>(failed)) * runs, static_cast<std::size_t>(failed) * runs,
              programs.size(), seconds, o.virtual_clock ? ", virtual clock" : ", real time",
              o.load ? ", loaded CPU" : "");
  return failed == 0 && !jobs.empty() ? 0 : 1;
}
