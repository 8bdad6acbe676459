// Counts what operator new is asked for, and lets it fail. Not under a sanitizer, whose own allocator it leaves alone.
#pragma once

#include <cstdint>

namespace hocket::testing_support {

bool counts_allocations() noexcept;

/// Calls of operator new since the program began.
std::uint64_t allocations() noexcept;

/// Blocks that this thread took from operator new, less those that it gave back.
std::int64_t own_blocks() noexcept;

/// Of this thread's next calls of operator new the n-th throws std::bad_alloc; 0: none.
void fail_allocation(unsigned n) noexcept;

}  // namespace hocket::testing_support
