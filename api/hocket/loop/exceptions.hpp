// Python's exceptions by Python's names, as far as asyncio raises them, with asyncio's texts.
//
// What an ordinary handler may catch derives from std::exception by way of Exception; CancelledError, KeyboardInterrupt
// and SystemExit do not (see <hocket/rt/coro/base_exception.hpp>).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

#include <hocket/rt/coro/base_exception.hpp>

namespace hocket {

/// Root of the ordinary exceptions. Mirrors Exception.
class Exception : public std::exception {
 public:
  explicit Exception(std::string message = {}) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }
  virtual const char* name() const noexcept { return "Exception"; }

  /// What this one was raised from, or null. Mirrors __cause__.
  const std::exception_ptr& cause() const noexcept { return cause_; }
  void set_cause(std::exception_ptr cause) noexcept { cause_ = std::move(cause); }

 private:
  std::string message_;
  std::exception_ptr cause_;
};

#define HOCKET_EXCEPTION(Name, Base)                             \
  class Name : public Base {                                     \
   public:                                                       \
    using Base::Base;                                            \
    const char* name() const noexcept override { return #Name; } \
  }

HOCKET_EXCEPTION(RuntimeError, Exception);
HOCKET_EXCEPTION(ValueError, Exception);
HOCKET_EXCEPTION(TypeError, Exception);
HOCKET_EXCEPTION(ZeroDivisionError, Exception);
HOCKET_EXCEPTION(EOFError, Exception);

/// A call of the operating system failed: "[Errno 104] Connection reset by peer". Mirrors OSError.
class OSError : public Exception {
 public:
  explicit OSError(std::string message = {}) : Exception(std::move(message)) {}
  /// Of `code`, an errno value: "[Errno CODE] TEXT".
  OSError(int code, const std::string& text) : Exception("[Errno " + std::to_string(code) + "] " + text), code_(code) {}
  const char* name() const noexcept override { return "OSError"; }

  /// The errno value: `e.code() == EADDRINUSE`; 0 when it was raised without one, as by a timeout. Mirrors
  /// OSError.errno, whose name is a macro in C.
  int code() const noexcept { return code_; }

 protected:
  OSError(std::string message, int code) : Exception(std::move(message)), code_(code) {}

 private:
  int code_ = 0;
};

HOCKET_EXCEPTION(TimeoutError, OSError);
HOCKET_EXCEPTION(ConnectionError, OSError);
HOCKET_EXCEPTION(ConnectionResetError, ConnectionError);
HOCKET_EXCEPTION(ConnectionRefusedError, ConnectionError);
HOCKET_EXCEPTION(ConnectionAbortedError, ConnectionError);
HOCKET_EXCEPTION(BrokenPipeError, ConnectionError);
HOCKET_EXCEPTION(InvalidStateError, Exception);
HOCKET_EXCEPTION(QueueEmpty, Exception);
HOCKET_EXCEPTION(QueueFull, Exception);
HOCKET_EXCEPTION(QueueShutDown, Exception);
HOCKET_EXCEPTION(BrokenBarrierError, RuntimeError);

/// Thrown at the co_yield of an async generator that is closed. Mirrors GeneratorExit.
HOCKET_EXCEPTION(GeneratorExit, BaseException);

/// "ValueError: text" as the last line of Python's traceback, or "ValueError" alone; for foreign exceptions the C++
/// type's name.
std::string describe(const std::exception_ptr& e);

/// "ValueError('text')", as Python's repr.
std::string represent(const std::exception_ptr& e);

/// The name of a C++ type, as it stands in the source.
std::string demangled_name(const std::type_info& type);

/// Whether `e` holds an `E`, or one that derives from it. Null is none.
template <class E>
bool is_exception(const std::exception_ptr& e) noexcept {
  if (!e) return false;
  try {
    std::rethrow_exception(e);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// What an exception asks for: nothing, the end of a task (CancelledError), or that of the program (KeyboardInterrupt,
/// SystemExit). The latter two must not be swallowed. Null is ordinary.
enum class error_kind : std::uint8_t { ordinary, cancelled, exit_request };
error_kind kind_of(const std::exception_ptr& e) noexcept;

inline bool is_cancelled_error(const std::exception_ptr& e) noexcept { return kind_of(e) == error_kind::cancelled; }
inline bool is_exit_request(const std::exception_ptr& e) noexcept { return kind_of(e) == error_kind::exit_request; }

}  // namespace hocket
