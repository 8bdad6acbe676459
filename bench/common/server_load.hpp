// Measures a server: starts it, loads it from this process, prints the metrics of one round.
//
//   <folder>_load [--workers N] [--connections N] [--seconds S] ... -- COMMAND...
//
// COMMAND is a server (common/server.hpp); it gets `--workers N`. With one worker it has one processor to itself and this
// program another, where there are two; with more the system decides. The server's CPU time is read from the kernel's
// accounts, so that this program, which works as hard, does not hide it.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>
#include <thread>

#include "common/child_process.hpp"
#include "common/closed_loop.hpp"

namespace bench {

struct load_question {
  unsigned workers = 1, connections = 64, per_batch = 1;
  double seconds = 1;
  std::vector<std::string> command;
};

inline load_question parse_load(int argc, char** argv) {
  load_question q;
  int i = 1;
  for (; i + 1 < argc && std::strcmp(argv[i], "--") != 0; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--workers") q.workers = static_cast<unsigned>(std::max(1.0, value));
    if (name == "--connections") q.connections = static_cast<unsigned>(std::max(1.0, value));
    if (name == "--pipeline") q.per_batch = static_cast<unsigned>(std::max(1.0, value));
    if (name == "--seconds") q.seconds = std::max(0.05, value);
  }
  q.command.assign(argv + std::min(i + 1, argc), argv + argc);
  if (q.command.empty()) {
    std::fprintf(stderr, "usage: %s [--workers N] [--connections N] [--pipeline N] [--seconds S] -- COMMAND...\n", argv[0]);
    std::exit(2);
  }
  q.command.insert(q.command.end(), {"--workers", std::to_string(q.workers)});
  return q;
}

/// `answer_bytes(port)` says how large the answer to one request is.
template <class AnswerBytes>
void measure_server(const load_question& q, const std::string& request, AnswerBytes answer_bytes) {
  const bool apart = q.workers == 1 && std::thread::hardware_concurrency() > 1;
  const child_process server(q.command, apart ? 0 : -1);
  if (apart) child_process::run_on(1);
  std::string batch;
  for (unsigned i = 0; i < q.per_batch; ++i) batch += request;
  closed_loop load(server.port(), q.connections, batch, answer_bytes(server.port()) * q.per_batch);
  hocket::tools::histogram warm_up, latencies;
  const auto nanos = static_cast<std::int64_t>(q.seconds * 1e9);
  load.run(nanos / 4, warm_up);

  const double cpu = server.cpu_nanos();
  const std::int64_t begin = now_nanos();
  const double requests = static_cast<double>(load.run(nanos, latencies) * q.per_batch);
  const double wall = static_cast<double>(now_nanos() - begin);
  const double used = server.cpu_nanos() - cpu;

  const auto metric = [](const char* name, const char* unit, double value) {
    std::printf("{\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%.6g}\n", name, unit, value);
  };
  metric("cpu_us_per_request", "us", used / requests / 1e3);
  metric("rps", "1/s", requests / wall * 1e9);
  metric("p50_us", "us", static_cast<double>(latencies.percentile(50)) / 1e3);
  metric("p99_us", "us", static_cast<double>(latencies.percentile(99)) / 1e3);
}

}  // namespace bench
