// Names, files and lines by libbacktrace: https://github.com/ianlancetaylor/libbacktrace, as it comes with gcc.
#include HOCKET_BACKTRACE_HEADER  // in gcc's own folder, which not every compiler searches

#include <cstdint>
#include <filesystem>

#include <hocket/rt/base/symbols.hpp>

namespace hocket::rt {
namespace {

void ignore_error(void*, const char*, int) {}

// Lives as long as the process, by libbacktrace's contract. Null when the program cannot be read.
backtrace_state* state() {
  static backtrace_state* const one = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return one;
}

// The callbacks of a C library: an exception must not pass through it, so one ends the process.
int add_place(void* places, std::uintptr_t, const char* file, int line, const char* function) noexcept {
  if (function || file) {
    const std::string path = file ? std::filesystem::path(file).lexically_normal().string() : std::string();
    static_cast<std::vector<code_place>*>(places)->push_back({readable_name(function), path, line});
  }
  return 0;
}

// Debug information without full names (-g1) has the bare one only; the symbol is that of what nothing holds.
void name_outermost(void* argument, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) noexcept {
  if (!symbol) return;
  auto& places = *static_cast<std::vector<code_place>*>(argument);
  if (places.empty()) places.emplace_back();
  places.back().function = readable_name(symbol);
}

}  // namespace

std::vector<code_place> places_of(const void* address, bool is_return_address) {
  const auto number = reinterpret_cast<std::uintptr_t>(address) - (is_return_address ? 1 : 0);
  std::vector<code_place> places;
  if (state()) {
    backtrace_pcinfo(state(), number, add_place, ignore_error, &places);
    backtrace_syminfo(state(), number, name_outermost, ignore_error, &places);
  }
  if (places.empty()) places.push_back(place_by_linker(reinterpret_cast<const void*>(number)));
  return places;
}

bool symbols_have_lines() noexcept { return true; }

}  // namespace hocket::rt
