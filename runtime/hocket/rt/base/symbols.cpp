#include <hocket/rt/base/symbols.hpp>

#include <cxxabi.h>

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

}  // namespace hocket::rt
