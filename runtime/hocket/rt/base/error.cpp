#include <hocket/rt/base/error.hpp>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace hocket::rt {

void throw_os_error(const char* call, int code) { throw std::system_error(code, std::generic_category(), call); }

void throw_os_error(const char* call) { throw_os_error(call, errno); }

void fatal(const char* room, const char* what, ...) noexcept {
  char text[512];
  va_list args;
  va_start(args, what);
  std::vsnprintf(text, sizeof text, what, args);
  va_end(args);
  std::fprintf(stderr, "hocket: %s: %s\n", room, text);
  std::abort();
}

}  // namespace hocket::rt
