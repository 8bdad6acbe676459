// What the primitives look like in print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hocket::sync {

/// "<asyncio.locks.Lock object at 0x7f... [locked, waiters:1]>", as Python's repr; waiters are named when there are
/// any.
std::string object_text(std::string_view type, const void* address, std::string_view condition,
                        std::size_t waiters = 0);

}  // namespace hocket::sync
