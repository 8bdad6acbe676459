// What a test may not leave behind: descriptors and threads. Checked after every test, with a grace of some seconds,
// because a joined thread leaves /proc a moment later. (Bytes are LeakSanitizer's business.)
#pragma once

#include <string>
#include <vector>

namespace hocket::support {

enum class leftover { descriptors = 1, threads = 2, both = 3 };

/// Says that the running test may leave something behind, and why. Holds until the test ends, wherever it was made.
class allow_leftovers {
 public:
  allow_leftovers(leftover what, const char* reason);
};

/// Called after a test's body and before its check; for letting go of what a process keeps between tests, such as an
/// idle shared runtime. Null for nothing.
void set_quiesce_function(void (*quiesce)());

/// What the process holds now.
struct holdings {
  std::vector<std::string> descriptors;  ///< "7 -> socket:[1234]"
  std::vector<std::string> threads;      ///< "1234 hocket-w0"

  static holdings now();
};

/// Called by the listener in main.cpp.
void begin_leftover_check();
void end_leftover_check();

}  // namespace hocket::support
