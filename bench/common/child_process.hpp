// A server as a child process: started, found by the port that it prints, asked for the CPU time it has used, ended
// with its owner.
#pragma once

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class child_process {
 public:
  /// Starts `command`, on processor `cpu` alone unless that is negative. Ends this program when it does not say its
  /// port, with the server's exit code if that says that it cannot run here.
  child_process(std::vector<std::string> command, int cpu) {
    int ends[2];
    if (::pipe(ends) < 0) fail("pipe");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      if (cpu >= 0) run_on(cpu);
      std::vector<char*> argv;
      for (auto& word : command) argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
      fail(argv[0]);
    }
    ::close(ends[1]);
    std::FILE* const said = ::fdopen(ends[0], "r");
    const bool found = std::fscanf(said, "%d", &port_) == 1;
    std::fclose(said);
    if (found) return;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) std::exit(77);
    std::fprintf(stderr, "%s did not say where it listens\n", command[0].c_str());
    std::exit(1);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() { end(); }

  int port() const { return port_; }

  /// What all its threads that live have used by now, in nanoseconds.
  double cpu_nanos() const {
    return cpu_nanos([](std::string_view) { return true; });
  }

  /// The same for those of whose name `counts(name)` is true.
  template <class Counts>
  double cpu_nanos(Counts counts) const {
    const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
    double sum = 0;
    DIR* const threads = ::opendir(tasks.c_str());
    if (!threads) fail("opendir: the server is gone");
    while (const dirent* thread = ::readdir(threads)) {
      if (thread->d_name[0] == '.') continue;
      const std::string files = tasks + "/" + thread->d_name;
      char name[32] = "";
      double nanos = 0;
      read_one(files + "/comm", "%31s", name);
      if (counts(std::string_view(name)) && read_one(files + "/schedstat", "%lf", &nanos)) sum += nanos;
    }
    ::closedir(threads);
    return sum;
  }

  /// Keeps the calling thread on one processor.
  static void run_on(int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(cpu), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
  }

  /// False: the thread is gone.
  template <class Value>
  static bool read_one(const std::string& file, const char* format, Value* value) {
    std::FILE* const from = std::fopen(file.c_str(), "r");
    if (!from) return false;
    const bool found = std::fscanf(from, format, value) == 1;
    std::fclose(from);
    return found;
  }

  void end() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace bench
