// What every bench program does: reads its arguments, times a few rounds, prints one JSON line.
//
//   <program> [--workers N] [--rounds N] [--size N]
//
// The line carries every round, so that the driver (tools/bench) can interleave programs and judge the spread itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

using steady = std::chrono::steady_clock;

/// What one round took, in nanoseconds: on the clock, and of all processors together (on a machine that others use,
/// too, the second is the steadier one).
struct measure {
  double wall = 0;
  double cpu = 0;
};
using measures = std::vector<measure>;

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

struct options {
  unsigned workers = std::max(1u, std::thread::hardware_concurrency());
  int rounds = 3;
  long size = 0;  // what the workload is about: fib's n, how many operations
};

inline options parse(int argc, char** argv, long default_size) {
  options o;
  o.size = default_size;
  for (int i = 1; i + 1 < argc; i += 2) {
    const long value = std::atol(argv[i + 1]);
    if (std::strcmp(argv[i], "--workers") == 0) {
      o.workers = static_cast<unsigned>(value);
    } else if (std::strcmp(argv[i], "--rounds") == 0) {
      o.rounds = static_cast<int>(value);
    } else if (std::strcmp(argv[i], "--size") == 0) {
      o.size = value;
    } else {
      std::fprintf(stderr, "%s: unknown argument '%s'; known: --workers --rounds --size\n", argv[0], argv[i]);
      std::exit(2);
    }
  }
  return o;
}

/// Ends the program when a round gave a wrong answer: a fast wrong one is worth nothing.
inline void check(bool correct, const char* what) {
  if (correct) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::exit(1);
}

/// One line: the workload, the runtime, its workers, and nanoseconds per `unit` of each round, of which one round has
/// `units`.
inline void report(const char* workload, const char* runtime, const options& o, const char* unit, double units,
                   const measures& rounds) {
  const auto list = [&](double measure::* which) {
    std::string text;
    char number[32];
    for (const measure& m : rounds) {
      std::snprintf(number, sizeof number, "%s%.2f", text.empty() ? "" : ",", m.*which / units);
      text += number;
    }
    return text;
  };
  std::printf(
      "{\"workload\":\"%s\",\"runtime\":\"%s\",\"workers\":%u,\"size\":%ld,\"unit\":\"ns per "
      "%s\",\"rounds\":[%s],\"cpu\":[%s]}\n",
      workload, runtime, o.workers, o.size, unit, list(&measure::wall).c_str(), list(&measure::cpu).c_str());
}

}  // namespace bench
