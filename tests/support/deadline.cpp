#include "support/deadline.hpp"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "support/environment.hpp"

namespace hocket::support {
namespace {

using clock = std::chrono::steady_clock;

constexpr unsigned dump_limit_s = 10;

// Lives as long as the process: its thread is part of every test's "before".
class watchdog {
 public:
  static watchdog& get() {
    static watchdog* const one = new watchdog;
    return *one;
  }

  void begin(std::string name, double seconds) {
    const std::lock_guard lock(mutex_);
    name_ = std::move(name);
    set(seconds);
  }

  void extend(double seconds) {
    const std::lock_guard lock(mutex_);
    set(seconds);
  }

  void end() {
    const std::lock_guard lock(mutex_);
    until_.reset();
  }

  void set_dump(dump_function dump) {
    const std::lock_guard lock(mutex_);
    dump_ = dump;
  }

 private:
  watchdog() {
    std::thread([this] { watch(); }).detach();
  }

  void set(double seconds) {
    seconds_ = seconds;
    if (seconds > 0) {
      until_ = clock::now() + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    } else {
      until_.reset();
    }
    changed_.notify_one();
  }

  void watch() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!until_) {
        changed_.wait(lock);
      } else if (clock::now() >= *until_) {
        bark(lock);
      } else {
        const auto until = *until_;
        changed_.wait_until(lock, until);
      }
    }
  }

  [[noreturn]] void bark(std::unique_lock<std::mutex>& lock) {
    const auto dump = dump_;
    std::fprintf(stderr, "\nhocket: tests: %s did not end within its deadline of %g s\n", name_.c_str(), seconds_);
    lock.unlock();
    // The dump may wait for a lock that the stuck test holds: then the alarm ends the process.
    std::fflush(stderr);
    std::signal(SIGALRM, SIG_DFL);
    ::alarm(dump_limit_s);
    if (dump) dump(stderr);
    std::fflush(stdout);
    std::fflush(stderr);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string name_;                        // guarded by mutex_
  std::optional<clock::time_point> until_;  // guarded by mutex_
  double seconds_ = 0;                      // guarded by mutex_
  dump_function dump_ = nullptr;            // guarded by mutex_
};

}  // namespace

double default_deadline() {
  static const double seconds = [] {
    constexpr std::uint64_t plain = 60, longest = 86'400;
    const auto given = number_from_environment("HOCKET_TEST_DEADLINE", 0, longest);
    return given ? static_cast<double>(*given) : static_cast<double>(under_sanitizer ? 5 * plain : plain);
  }();
  return seconds;
}

void set_dump_function(dump_function dump) { watchdog::get().set_dump(dump); }

void begin_deadline(const char* suite, const char* test) {
  watchdog::get().begin(std::string(suite) + "." + test, default_deadline());
}

void end_deadline() { watchdog::get().end(); }

void extend_deadline(double seconds) {
  if (default_deadline() > 0) watchdog::get().extend(under_sanitizer ? 5 * seconds : seconds);
}

}  // namespace hocket::support
