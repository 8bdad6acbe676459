// The exceptions that are not std::exception: what asks a task, or the program, to end.
//
// As in Python, where `except Exception` does not see them, `catch (const std::exception&)` does not see these.
#pragma once

#include <string>
#include <utility>

namespace hocket {

/// Root of the exceptions that an ordinary handler must not swallow. Mirrors BaseException.
class BaseException {
 public:
  explicit BaseException(std::string message = {}) : message_(std::move(message)) {}
  virtual ~BaseException() = default;
  BaseException(const BaseException&) = default;
  BaseException& operator=(const BaseException&) = default;

  const char* what() const noexcept { return message_.c_str(); }
  virtual const char* name() const noexcept { return "BaseException"; }

 private:
  std::string message_;
};

/// Thrown at an await of a task that was cancelled. Mirrors asyncio.CancelledError.
class CancelledError : public BaseException {
 public:
  using BaseException::BaseException;
  const char* name() const noexcept override { return "CancelledError"; }
};

/// Ctrl-C, as `run` reports it. Mirrors KeyboardInterrupt.
class KeyboardInterrupt : public BaseException {
 public:
  using BaseException::BaseException;
  const char* name() const noexcept override { return "KeyboardInterrupt"; }
};

/// Asks the program to end with a code. Mirrors SystemExit.
class SystemExit : public BaseException {
 public:
  explicit SystemExit(int code = 0) : BaseException(std::to_string(code)), code_(code) {}
  const char* name() const noexcept override { return "SystemExit"; }
  int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace hocket
