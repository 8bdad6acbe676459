#include <hocket/net/errors.hpp>

#include <cerrno>
#include <system_error>

namespace hocket::net {

std::exception_ptr make_os_error(int code, const std::string& text) {
  const std::string said = text.empty() ? std::generic_category().message(code) : text;
  switch (code) {
    case ECONNRESET:
      return std::make_exception_ptr(ConnectionResetError(code, said));
    case EPIPE:
    case ESHUTDOWN:
      return std::make_exception_ptr(BrokenPipeError(code, said));
    case ECONNREFUSED:
      return std::make_exception_ptr(ConnectionRefusedError(code, said));
    case ECONNABORTED:
      return std::make_exception_ptr(ConnectionAbortedError(code, said));
    case ETIMEDOUT:
      return std::make_exception_ptr(TimeoutError(code, said));
    default:
      return std::make_exception_ptr(OSError(code, said));
  }
}

void throw_os_error(int code, const std::string& text) { std::rethrow_exception(make_os_error(code, text)); }

}  // namespace hocket::net
