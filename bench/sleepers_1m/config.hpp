// sleepers_1m: very many tasks sleep for the same time. What is held for each of them, and how much longer than one
// sleep do all take, from the creation of the first to the end of the last?
#pragma once

#include <fstream>

#include "common/bench.hpp"

namespace sleepers_1m {

inline bench::options parse(int argc, char** argv) { return bench::parse(argc, argv, 1'000'000); }
inline double seconds(const bench::options& o) { return o.number("seconds", 3); }

/// A number of the process's status, in bytes: VmHWM is the most memory that it ever had.
inline double status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

class watch {
 public:
  void report(const bench::options& o) const {
    const double took = clock_.read().wall * 1e-9;
    bench::metric("bytes_per_task", "bytes", (status_bytes("VmHWM") - before_) / static_cast<double>(o.size));
    bench::metric("overhead_s", "s", took - seconds(o));
  }

 private:
  double before_ = status_bytes("VmRSS");
  bench::stopwatch clock_;
};

}  // namespace sleepers_1m
