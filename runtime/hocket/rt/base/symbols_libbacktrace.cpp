// Names, files and lines by libbacktrace: https://github.com/ianlancetaylor/libbacktrace, as it comes with gcc.
#include HOCKET_BACKTRACE_HEADER  // in gcc's own folder, which not every compiler searches

#include <cstdint>

#include <hocket/rt/base/symbols.hpp>

namespace hocket::rt {
namespace {

void ignore_error(void*, const char*, int) {}

// Lives as long as the process, by libbacktrace's contract. Null when the program cannot be read.
backtrace_state* state() {
  static backtrace_state* const one = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return one;
}

// The callbacks of a C library: an exception may not pass through it.
int add_place(void* places, std::uintptr_t, const char* file, int line, const char* function) noexcept {
  if (function || file) {
    static_cast<std::vector<code_place>*>(places)->push_back({readable_name(function), file ? file : "", line});
  }
  return 0;
}

void add_symbol(void* places, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) noexcept {
  if (symbol) static_cast<std::vector<code_place>*>(places)->push_back({readable_name(symbol), "", 0});
}

}  // namespace

std::vector<code_place> places_of(const void* address, bool is_return_address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address) - (is_return_address ? 1 : 0);
  std::vector<code_place> places;
  if (state()) {
    backtrace_pcinfo(state(), at, add_place, ignore_error, &places);
    if (places.empty()) backtrace_syminfo(state(), at, add_symbol, ignore_error, &places);
  }
  if (places.empty()) places.emplace_back();
  return places;
}

bool symbols_have_lines() noexcept { return true; }

}  // namespace hocket::rt
