// Measures a server: starts it, loads it from this process, prints the metrics of one round.
//
//   <folder>_load [--workers N] [--connections N] [--pipeline N] [--seconds S] -- COMMAND...
//
// COMMAND is a server (common/server.hpp); it gets `--workers N`. With one worker it has one processor to itself and
// this program another, where there are two; with more the system decides. The server's CPU time is read from the
// kernel's accounts, so that this program, which works as hard, does not hide it.
#pragma once

#include <algorithm>
#include <string_view>

#include "common/bench.hpp"
#include "common/child_process.hpp"
#include "common/closed_loop.hpp"

namespace bench {

struct load_question {
  options given;
  std::vector<std::string> command;
};

inline load_question parse_load(int argc, char** argv) {
  const auto separator = std::find(argv, argv + argc, std::string_view("--"));
  load_question q{parse(static_cast<int>(separator - argv), argv, 1),
                  {std::min(separator + 1, argv + argc), argv + argc}};
  if (q.command.empty()) {
    std::fprintf(stderr, "usage: %s [--NAME NUMBER]... -- COMMAND...\n", argv[0]);
    std::exit(2);
  }
  q.command.insert(q.command.end(), {"--workers", std::to_string(q.given.workers)});
  return q;
}

/// `answer_bytes(port)` says how large the answer to one request is.
template <class AnswerBytes>
void measure_server(const load_question& q, const std::string& request, AnswerBytes answer_bytes) {
  const bool apart = q.given.workers == 1 && std::thread::hardware_concurrency() > 1;
  const long per_batch = q.given.integer("pipeline", 1);
  const child_process server(q.command, apart ? 0 : -1);
  if (apart) child_process::run_on(1);
  std::string batch;
  for (long i = 0; i < per_batch; ++i) batch += request;
  closed_loop load(server.port(), static_cast<unsigned>(q.given.integer("connections", 64)), batch,
                   answer_bytes(server.port()) * static_cast<std::size_t>(per_batch));
  hocket::tools::histogram warm_up, latencies;
  const auto nanos = static_cast<std::int64_t>(q.given.number("seconds", 1) * 1e9);
  load.run(nanos / 4, warm_up);

  const double cpu = server.cpu_nanos();
  const std::int64_t begin = now_nanos();
  const double requests = static_cast<double>(load.run(nanos, latencies)) * static_cast<double>(per_batch);
  const double wall = static_cast<double>(now_nanos() - begin);
  const double used = server.cpu_nanos() - cpu;

  metric("cpu_us_per_request", "us", used / requests / 1e3);
  metric("rps", "1/s", requests / wall * 1e9);
  metric("p50_us", "us", static_cast<double>(latencies.percentile(50)) / 1e3);
  metric("p99_us", "us", static_cast<double>(latencies.percentile(99)) / 1e3);
}

}  // namespace bench
