// Names by the dynamic linker.
#include <dlfcn.h>

#include <cstdint>

#include <hocket/rt/base/symbols.hpp>

namespace hocket::rt {

std::vector<code_place> places_of(const void* address, bool is_return_address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address) - (is_return_address ? 1 : 0);
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(at), &info) == 0) return {{}};
  if (info.dli_sname) return {{.function = readable_name(info.dli_sname)}};
  // For addr2line and its kin.
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%zx",
                static_cast<std::size_t>(at - reinterpret_cast<std::uintptr_t>(info.dli_fbase)));
  return {{.file = info.dli_fname ? info.dli_fname + std::string(offset) : std::string()}};
}

bool symbols_have_lines() noexcept { return false; }

}  // namespace hocket::rt
