// Other programs on the same machine: processes that keep a processor busy each, and end with their owner. What a
// server loses to a processor that somebody else uses, it cannot be blamed for when one of its own workers uses it.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "common/closed_loop.hpp"

namespace mixed {

class neighbours {
 public:
  explicit neighbours(long count) {
    const pid_t parent = ::getpid();
    for (long i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid < 0) bench::give_up("fork");
      if (pid == 0) compute_until_killed(parent);
      pids_.push_back(pid);
    }
  }
  neighbours(const neighbours&) = delete;
  neighbours& operator=(const neighbours&) = delete;
  ~neighbours() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

 private:
  [[noreturn]] static void compute_until_killed(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    for (volatile unsigned steps = 0;; steps = steps + 1) {
    }
  }

  std::vector<pid_t> pids_;
};

}  // namespace mixed
