// hocket load: the load generator from the command line.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "report.hpp"

namespace hocket::tools {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // set in a signal handler

void on_signal(int signal) {
  stop.store(true);
  if (signal == SIGINT) interrupted.store(true);
}

void watch_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;  // a second Ctrl-C ends the program at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

int load(const load_command& command) {
  watch_signals();
  const bool show = !command.quiet && isatty(STDERR_FILENO);
  load_progress progress;
  if (show) {
    progress = [total = command.load.seconds](std::uint64_t answered, double seconds) {
      if (seconds < 0) {
        std::fprintf(stderr, "\r  warming up ...            ");
      } else {
        std::fprintf(stderr, "\r  %.0f of %.0f s, %llu answered   ", seconds, total,
                     static_cast<unsigned long long>(answered));
      }
    };
  }
  const load_result result = run_load(command.load, stop, progress);
  if (show) std::fprintf(stderr, "\r%50s\r", "");

  const bool answers = result.answered + result.refused_by_status > 0;
  if (command.json != "-" && (answers || result.fatal.empty()))
    std::fputs(as_text(command.load, result).c_str(), stdout);
  bool written = true;
  if (!command.json.empty()) written = write_json(command.json, as_json(command.load, result));
  std::fflush(stdout);
  if (!result.fatal.empty()) {
    std::fprintf(stderr, "hocket load: %s\n", result.fatal.c_str());
    return 1;
  }
  if (interrupted.load()) return 130;
  if (!answers) {
    std::fprintf(stderr, "hocket load: not one response came back\n");
    return 1;
  }
  return written && result.answered > 0 ? 0 : 1;
}

}  // namespace hocket::tools
