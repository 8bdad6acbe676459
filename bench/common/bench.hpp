// What every bench program does: reads its arguments, does one round, prints one JSON line for each metric.
//
//   <program> [--workers N] [--size N] [--seconds S] [--NAME NUMBER]...
//
// One run is one round: the driver (tools/bench) interleaves the runs of all runtimes and judges the spread.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

using steady = std::chrono::steady_clock;

/// What a round took, in nanoseconds: on the clock, and of all processors together.
struct measure {
  double wall = 0;
  double cpu = 0;
};

class stopwatch {
 public:
  measure read() const {
    return {std::chrono::duration<double, std::nano>(steady::now() - wall_).count(), cpu_now() - cpu_};
  }

 private:
  static double cpu_now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
  }

  steady::time_point wall_ = steady::now();
  double cpu_ = cpu_now();
};

/// The arguments: `--workers` and `--size` have members, the rest is asked for by name.
struct options {
  unsigned workers = std::max(1u, std::thread::hardware_concurrency());
  long size = 0;  // what the workload is about: fib's n, how many operations
  std::map<std::string, double, std::less<>> given;

  double number(std::string_view name, double otherwise) const {
    const auto at = given.find(name);
    return at == given.end() ? otherwise : at->second;
  }
  long integer(std::string_view name, long otherwise) const {
    return static_cast<long>(number(name, static_cast<double>(otherwise)));
  }
  /// A small pass that warms up, and the one that counts.
  std::array<long, 2> passes() const { return {std::max(1L, size / 10), size}; }
};

inline options parse(int argc, char** argv, long default_size) {
  options o;
  o.size = default_size;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    char* end = nullptr;
    const double value = i + 1 < argc ? std::strtod(argv[i + 1], &end) : 0;
    if (!name.starts_with("--") || end == nullptr || end == argv[i + 1] || *end != 0 || value < 0) {
      std::fprintf(stderr, "%s: expected --NAME NUMBER, not '%s'\n", argv[0], argv[i]);
      std::exit(2);
    }
    o.given[std::string(name.substr(2))] = value;
  }
  o.workers = static_cast<unsigned>(std::max(1L, o.integer("workers", static_cast<long>(o.workers))));
  o.size = std::max(1L, o.integer("size", default_size));
  return o;
}

/// Ends the program when a round gave a wrong answer: a fast wrong one is worth nothing.
inline void check(bool correct, const char* what) {
  if (correct) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

/// Ends the program, which cannot run here: the driver says so and goes on.
[[noreturn]] inline void skip(const char* reason) {
  std::fprintf(stderr, "%s\n", reason);
  std::exit(77);
}

/// One line of the answer.
inline void metric(const char* name, const char* unit, double value) {
  std::printf("{\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%.9g}\n", name, unit, value);
  std::fflush(stdout);
}

/// What most workloads answer: nanoseconds per operation, on the clock and of all processors.
inline void per_op(measure m, double operations) {
  metric("ns_per_op", "ns", m.wall / operations);
  metric("cpu_ns_per_op", "ns", m.cpu / operations);
}

/// The value below which a share of them lies; sorts them.
inline double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(at + 0.5)];
}

}  // namespace bench
