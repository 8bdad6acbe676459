// Names by the dynamic linker alone.
#include <cstdint>

#include <hocket/rt/base/symbols.hpp>

namespace hocket::rt {

std::vector<code_place> places_of(const void* address, bool is_return_address) {
  const auto number = reinterpret_cast<std::uintptr_t>(address) - (is_return_address ? 1 : 0);
  return {place_by_linker(reinterpret_cast<const void*>(number))};
}

bool symbols_have_lines() noexcept { return false; }

}  // namespace hocket::rt
