// Names by the dynamic linker alone.
#include <hocket/rt/base/symbols.hpp>

namespace hocket::rt {

std::vector<code_place> places_of(const void* address, bool is_return_address) {
  return {place_by_linker(static_cast<const char*>(address) - (is_return_address ? 1 : 0))};
}

bool symbols_have_lines() noexcept { return false; }

}  // namespace hocket::rt
