// What StreamReader throws besides the operating system's errors.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <hocket/loop/exceptions.hpp>

namespace hocket {

/// The stream ended before what was asked for: "3 bytes read on a total of 8 expected bytes". Mirrors
/// asyncio.IncompleteReadError.
class IncompleteReadError : public EOFError {
 public:
  IncompleteReadError(std::string partial, std::optional<std::size_t> expected)
      : EOFError(std::to_string(partial.size()) + " bytes read on a total of " +
                 (expected ? std::to_string(*expected) : "undefined") + " expected bytes"),
        partial_(std::move(partial)),
        expected_(expected) {}
  const char* name() const noexcept override { return "IncompleteReadError"; }

  /// What was read before the end.
  const std::string& partial() const noexcept { return partial_; }
  /// How much was asked for; empty for a separator.
  const std::optional<std::size_t>& expected() const noexcept { return expected_; }

 private:
  std::string partial_;
  std::optional<std::size_t> expected_;
};

/// The separator is not within the limit. Mirrors asyncio.LimitOverrunError.
class LimitOverrunError : public Exception {
 public:
  LimitOverrunError(const std::string& message, std::size_t consumed) : Exception(message), consumed_(consumed) {}
  const char* name() const noexcept override { return "LimitOverrunError"; }

  /// How many bytes to take before looking again.
  std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

}  // namespace hocket
