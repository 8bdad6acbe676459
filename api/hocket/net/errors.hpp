// The operating system's errors as Python raises them: the class by errno, the text with it.
#pragma once

#include <exception>
#include <string>

#include <hocket/loop/exceptions.hpp>

namespace hocket {

/// A name could not be resolved; code() is one of the EAI_ constants. Mirrors socket.gaierror.
class gaierror : public OSError {
 public:
  gaierror(int code, const std::string& message) : OSError(message, code) {}
  const char* name() const noexcept override { return "gaierror"; }
};

namespace net {

/// ConnectionResetError, BrokenPipeError, ConnectionRefusedError, ConnectionAbortedError, TimeoutError, or OSError for
/// the rest, with the text "[Errno 104] Connection reset by peer", or with `text` in place of the system's.
std::exception_ptr make_os_error(int code, const std::string& text = {});

[[noreturn]] void throw_os_error(int code, const std::string& text = {});

}  // namespace net
}  // namespace hocket
