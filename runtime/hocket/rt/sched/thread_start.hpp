// How the runtime's threads begin: named for people (top -H, gdb), deaf to signals, pinned if the operator asks for it.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace hocket::rt {

struct thread_spec {
  std::string name;  // at most 15 characters, as Linux wants
  int cpu = -1;      // -1: not pinned
};

/// Starts a thread with every signal blocked: signals are for the program's own threads. A CPU that may not be used is
/// passed over in silence: placement is a hint. Throws std::system_error ("pthread_create: ..."), and then nothing
/// runs.
std::thread start_thread(const thread_spec& spec, std::function<void()> body);

}  // namespace hocket::rt
