// Counts what operator new is asked for, by any thread. Not under a sanitizer, whose own allocator it leaves alone.
#pragma once

#include <cstdint>

namespace hocket::testing_support {

bool counts_allocations() noexcept;

/// Calls of operator new since the program began.
std::uint64_t allocations() noexcept;

}  // namespace hocket::testing_support
