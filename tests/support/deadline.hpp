// The deadline of a test: when it passes, the runtime's dump goes to stderr and the process aborts.
//
// 60 s by default, five times that under a sanitizer; HOCKET_TEST_DEADLINE=<seconds> sets it, 0 switches it off
// (debuggers). main.cpp runs one watchdog thread for all tests of the program.
#pragma once

#include <cstdio>

namespace hocket::support {

using dump_function = void (*)(std::FILE*);

/// What the watchdog calls before it aborts, typically the runtime's dump; null for nothing. Any thread.
void set_dump_function(dump_function dump);

/// Starts and stops the clock of one test. Called by the listener in main.cpp.
void begin_deadline(const char* suite, const char* test);
void end_deadline();

/// Gives the running test `seconds` from now instead of the default. For a test that is known to be long.
void extend_deadline(double seconds);

/// Seconds that a test has unless it says otherwise; 0: no deadline.
double default_deadline();

}  // namespace hocket::support
