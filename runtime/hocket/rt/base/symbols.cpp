#include <hocket/rt/base/symbols.hpp>

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hocket::rt {

std::string readable_name(const char* symbol) {
  if (!symbol) return {};
  // clang calls the parts of a coroutine f.resume, f.destroy, f.cleanup; g++ f.actor, f.destroy.
  std::string_view mangled = symbol;
  for (const std::string_view part : {".resume", ".actor", ".destroy", ".cleanup"}) {
    if (mangled.ends_with(part)) mangled.remove_suffix(part.size());
  }
  const std::string plain(mangled);
  int failed = 0;
  char* const demangled = abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &failed);
  std::string name = demangled ? demangled : plain;
  std::free(demangled);
  return name;
}

code_place place_by_linker(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0) return {};
  if (info.dli_sname) return {.function = readable_name(info.dli_sname)};
  if (!info.dli_fname) return {};
  // For addr2line and its kin.
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%zx",
                static_cast<std::size_t>(static_cast<const char*>(address) - static_cast<const char*>(info.dli_fbase)));
  return {.file = info.dli_fname + std::string(offset)};
}

}  // namespace hocket::rt
