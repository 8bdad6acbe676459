#include "child_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/error.hpp>

namespace hocket::tools {
namespace {

constexpr rt::nanos start_limit = 20 * rt::nanos_per_second;
constexpr rt::nanos stop_limit = 3 * rt::nanos_per_second;

}  // namespace

child_server::child_server(const std::vector<std::string>& arguments,
                           const std::vector<std::pair<std::string, std::string>>& environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) rt::throw_os_error("pipe2");
  output_ = rt::unique_fd(ends[0]);
  rt::unique_fd input(ends[1]);

  std::vector<std::string> words = {"hocket", "serve", "--port", "0", "--quiet"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) rt::throw_os_error("fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // no server is left behind, however this process ends
    if (::getppid() != parent) ::_exit(1);
    ::setpgid(0, 0);  // Ctrl-C is for the parent, which ends the server after it
    ::dup2(input.get(), STDOUT_FILENO);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  input.reset();
  try {
    read_url();
  } catch (...) {
    stop();
    throw;
  }
}

void child_server::stop() noexcept {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  const rt::nanos limit = rt::steady_now() + stop_limit;
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (rt::steady_now() > limit) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      break;
    }
    ::usleep(10'000);
  }
  pid_ = -1;
}

void child_server::read_url() {
  std::string text;
  const rt::nanos limit = rt::steady_now() + start_limit;
  while (text.find('\n') == std::string::npos) {
    pollfd wait{.fd = output_.get(), .events = POLLIN, .revents = 0};
    const rt::nanos left = limit - rt::steady_now();
    if (left <= 0) throw std::runtime_error("the server did not say where it listens within 20 s");
    if (::poll(&wait, 1, static_cast<int>(left / rt::nanos_per_ms) + 1) <= 0) continue;
    char bytes[512];
    const ssize_t got = ::read(output_.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the server ended before it listened (its message is above)");
    text.append(bytes, static_cast<std::size_t>(got));
  }
  const std::size_t start = text.find("http://");
  if (start == std::string::npos) throw std::runtime_error("the server printed no URL: " + text);
  url_ = text.substr(start, text.find_first_of(" \n", start) - start);
  if (url_.ends_with('/')) url_.pop_back();
}

double child_server::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field <= 13; ++field) fields >> skipped;
  double user = 0, kernel = 0;
  fields >> user >> kernel;
  return (user + kernel) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

bool child_server::alive() const {
  siginfo_t state{};
  return pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         state.si_pid == 0;
}

}  // namespace hocket::tools
