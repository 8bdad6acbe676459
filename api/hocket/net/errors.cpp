#include <hocket/net/errors.hpp>

#include <cerrno>
#include <system_error>

namespace hocket::net {

std::exception_ptr make_os_error(int code, const std::string& text) {
  const std::string full =
      "[Errno " + std::to_string(code) + "] " + (text.empty() ? std::generic_category().message(code) : text);
  switch (code) {
    case ECONNRESET:
      return std::make_exception_ptr(ConnectionResetError(full));
    case EPIPE:
    case ESHUTDOWN:
      return std::make_exception_ptr(BrokenPipeError(full));
    case ECONNREFUSED:
      return std::make_exception_ptr(ConnectionRefusedError(full));
    case ECONNABORTED:
      return std::make_exception_ptr(ConnectionAbortedError(full));
    case ETIMEDOUT:
      return std::make_exception_ptr(TimeoutError(full));
    default:
      return std::make_exception_ptr(OSError(full));
  }
}

void throw_os_error(int code, const std::string& text) { std::rethrow_exception(make_os_error(code, text)); }

}  // namespace hocket::net
