// The program under load, as a child process.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "stamped.hpp"

namespace mixed {

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

  /// Processor time so far, in nanoseconds.
  nanos cpu() const {
    clockid_t clock;
    return ::clock_getcpuclockid(pid_, &clock) == 0 ? now_of(clock) : 0;
  }

  /// That of hocket's threads that stand by; -1: it has none.
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

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace mixed
