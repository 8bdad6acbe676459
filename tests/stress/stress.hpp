// What the stress programs share: options, memory figures, and the last word.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <hocket/hocket.hpp>
#include <random>
#include <string>

#include "../support/environment.hpp"

namespace stress {

namespace asyncio = hocket;
using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;

/// `--count N` (1e7 is understood), `--workers N`, `--serial` (default: the parallel door), `--virtual`, `--seed N`.
struct options {
  std::int64_t count;
  unsigned workers = 0;  // 0: as the environment says
  bool serial = false;
  bool virtual_clock = false;
  std::uint64_t seed = std::random_device()();  // for programs that draw lots, which print it

  options(int argc, char** argv, std::int64_t default_count) : count(default_count) {
    const auto number = [&](const std::string& flag, const char* text, double least, double most) {
      char* end = nullptr;
      const double n = std::strtod(text, &end);
      if (end != text && *end == '\0' && n >= least && n <= most) return n;
      std::fprintf(stderr, "%s: %s needs a number from %.0f to %.0f, not '%s'\n", argv[0], flag.c_str(), least, most,
                   text);
      std::exit(2);
    };
    for (int i = 1; i < argc; ++i) {
      const std::string flag = argv[i];
      if (flag == "--serial") serial = true;
      else if (flag == "--virtual") virtual_clock = true;
      else if (flag == "--count" && i + 1 < argc) count = static_cast<std::int64_t>(number(flag, argv[++i], 1, 1e15));
      else if (flag == "--workers" && i + 1 < argc) workers = static_cast<unsigned>(number(flag, argv[++i], 1, 1024));
      else if (flag == "--seed" && i + 1 < argc) seed = static_cast<std::uint64_t>(number(flag, argv[++i], 0, 1e15));
      else {
        std::fprintf(stderr, "%s: unknown option %s\n", argv[0], flag.c_str());
        std::exit(2);
      }
    }
  }

  asyncio::RunOptions run_options() const {
    asyncio::RunOptions o;
    o.workers = workers;
    o.virtual_clock = virtual_clock;
    return o;
  }
};

/// Runs `main` through the door that the options name.
template <class T>
T enter(const options& o, Coro<T>&& main) {
  return o.serial ? asyncio::run(std::move(main), o.run_options())
                  : asyncio::run_parallel(std::move(main), o.run_options());
}

inline std::int64_t resident_kib() {
  long pages = 0, resident = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(f);
  }
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// Memory is flat when what is resident at the end is not much more than early in the run. Not judged under
/// AddressSanitizer, which keeps what is freed; the text says so.
class memory_watch {
 public:
  /// Call now and then; `done` of `total`.
  void sample(std::int64_t done, std::int64_t total) {
    last_ = resident_kib();
    if (early_ == 0 && done * 5 >= total) early_ = last_;  // after a fifth every pool has its size
  }
  bool flat() const { return !is_judged || early_ == 0 || last_ <= early_ + early_ / 4 + 8 * 1024; }
  std::string text() const {
    return std::to_string(early_) + " KiB early, " + std::to_string(last_) + " KiB late" +
           (is_judged ? "" : " (not judged under this sanitizer)");
  }

 private:
  static constexpr bool is_judged = !hocket::support::under_sanitizer;

  std::int64_t early_ = 0;
  std::int64_t last_ = 0;
};

class stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Prints a failed claim and counts it.
class claims {
 public:
  void check(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "FAILED: %s\n", what);
    ++failed_;
  }
  int exit_code() const { return failed_ == 0 ? 0 : 1; }

 private:
  int failed_ = 0;
};

}  // namespace stress
