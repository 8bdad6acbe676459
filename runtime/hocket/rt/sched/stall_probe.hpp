// A look at another thread of ours, while it runs: what it is doing, and the addresses on its stack.
//
// The thread tells itself, in a signal handler: only there its task cannot end, and only it can walk its stack. The
// handler allocates nothing and waits for nobody. The signal is SIGRTMAX - 1; who has a handler for it already, or
// takes it later, keeps it, and then there is no look. README.md, "Stalls are reported".
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <cstdint>

namespace hocket::rt {

/// What a task says of itself. Plain data: it is written in a signal handler.
struct running_task {
  std::array<char, 64> name{};     // ends with a zero; empty when it could not be read
  const char* function = nullptr;  // of its coroutine, as the compiler names it; null: no task
  const char* file = nullptr;
  std::uint_least32_t line = 0;
};

struct stall_shot {
  static constexpr unsigned deepest = 48;

  std::uint64_t runs = 0;              // of its seat
  const void* task_address = nullptr;  // as worker::runs_task()
  bool is_declared = false;            // it is in a hog_scope of its own
  running_task task;
  unsigned depth = 0;                     // 0: the stack could not be read
  std::array<const void*, deepest> at{};  // the first is where it stands, the others are return addresses
};

class stall_probe {
 public:
  /// Once per process, before the first thread lets the signal through. False: somebody else has the signal.
  static bool install() noexcept;

  /// The calling thread may be looked at from here on.
  static void begin_thread() noexcept;

  /// Looks at `thread`, a worker's. False: the signal is somebody else's, or the thread did not answer in a second.
  /// One caller at a time; others wait.
  static bool take(pid_t thread, stall_shot& out) noexcept;

  /// How the floor above describes what worker::runs_task() gives. Called in the signal handler.
  using describer = void (*)(void* task, running_task& out) noexcept;
  static void describe_by(describer d) noexcept;

  static int signal() noexcept { return SIGRTMAX - 1; }
};

}  // namespace hocket::rt
