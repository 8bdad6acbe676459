#include <hocket/rt/base/thread_probe.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include <hocket/rt/base/fd.hpp>

namespace hocket::rt {

void thread_probe::begin_thread() noexcept {
  thread_.store(::gettid(), relaxed);
  clockid_t clock = no_clock;
  if (pthread_getcpuclockid(pthread_self(), &clock) == 0) clock_.store(clock, relaxed);
}

nanos thread_probe::cpu_time() const noexcept {
  const clockid_t clock = clock_.load(relaxed);
  return clock == no_clock ? 0 : clock_now(clock);
}

// "TID (NAME) STATE ...", where the name may hold anything: after proc_pid_stat(5).
bool thread_probe::wants_processor() const noexcept {
  char text[256];
  std::snprintf(text, sizeof text, "/proc/self/task/%d/stat", static_cast<int>(thread_.load(relaxed)));
  const unique_fd file(::open(text, O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? ::read(file.get(), text, sizeof text) : -1;
  if (got <= 0) return false;
  const std::string_view line(text, static_cast<std::size_t>(got));
  const std::size_t end_of_name = line.rfind(") ");
  return end_of_name != line.npos && end_of_name + 2 < line.size() && line[end_of_name + 2] == 'R';
}

}  // namespace hocket::rt
