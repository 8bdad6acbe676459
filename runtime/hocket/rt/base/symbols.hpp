// Names for addresses of code, for reports to people.
//
// By libbacktrace, which comes with gcc, where the build found it: then with file and line, and with what was inlined.
// Else by dladdr, which knows the exported functions only. CMake chooses the file.
// Calls: any thread, but slow (the first one reads the program's debug information) and allocating: from no signal
// handler.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hocket::rt {

struct code_place {
  std::string function = {};  // demangled; empty when unknown
  std::string file = {};      // empty when unknown
  int line = 0;
};

/// What stands at an address, innermost first: what was inlined there comes before what holds it. Never empty.
/// `is_return_address`: the call before it is meant. Throws nothing but std::bad_alloc.
std::vector<code_place> places_of(const void* address, bool is_return_address);

/// The name as it stands in the source: demangled, and without what a compiler adds to the parts of a coroutine.
std::string readable_name(const char* symbol);

/// What the dynamic linker knows: an exported function; or the program or library, as the file, with the offset in it.
code_place place_by_linker(const void* address);

/// Whether places have files and lines.
bool symbols_have_lines() noexcept;

}  // namespace hocket::rt
