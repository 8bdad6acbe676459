// How the runtime says that something went wrong: the kernel's errors carry the call's name, a broken invariant ends
// the process.
#pragma once

namespace hocket::rt {

/// Throws std::system_error for errno value `code`, with the name of the call that gave it: "accept4: Too many open
/// files".
[[noreturn]] void throw_os_error(const char* call, int code);

/// The same, with the current errno.
[[noreturn]] void throw_os_error(const char* call);

/// Ends the process with one line: "hocket: <room>: <what>". For invariants that can only break by a bug.
[[noreturn, gnu::format(printf, 2, 3)]] void fatal(const char* room, const char* what, ...) noexcept;

}  // namespace hocket::rt
