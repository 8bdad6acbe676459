// The seed of a test's chance: random, or HOCKET_TEST_SEED; printed when a test that asked for it fails.
#pragma once

#include <cstdint>

namespace hocket::support {

/// The seed of this run of the program; the same at each call. A failing test that called this prints how to repeat it.
std::uint64_t test_seed();

/// Called by the listener in main.cpp.
void begin_seed();
void report_seed();  // prints the line if the running test asked for the seed

}  // namespace hocket::support
