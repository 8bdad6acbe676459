// A length of time as asyncio's callers write it: seconds as a number, or any std::chrono duration.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <optional>

#include <hocket/loop/exceptions.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket {

class Delay {
 public:
  /// Seconds. Throws ValueError for NaN.
  template <std::integral N>
  constexpr Delay(N seconds) : nanos_(from_seconds(static_cast<double>(seconds))) {}
  template <std::floating_point N>
  constexpr Delay(N seconds) : nanos_(from_seconds(static_cast<double>(seconds))) {}
  template <class Rep, class Period>
  constexpr Delay(std::chrono::duration<Rep, Period> d) : nanos_(from_seconds_or_exact(d)) {}

  constexpr rt::nanos nanos() const noexcept { return nanos_; }
  constexpr double seconds() const noexcept { return static_cast<double>(nanos_) * 1e-9; }

 private:
  static constexpr rt::nanos from_seconds(double s) {
    if (s != s) throw ValueError("Invalid delay: NaN (not a number)");
    constexpr double longest = 9.2e9;  // seconds: 291 years, what 64 bits of nanoseconds hold
    if (s >= longest) return rt::never;
    if (s <= 0) return s < 0 ? -1 : 0;
    return static_cast<rt::nanos>(s * 1e9 + 0.5);
  }

  template <class Rep, class Period>
  static constexpr rt::nanos from_seconds_or_exact(std::chrono::duration<Rep, Period> d) {
    const double s = std::chrono::duration<double>(d).count();
    if (!(s > -9.2e9 && s < 9.2e9)) return from_seconds(s);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
  }

  rt::nanos nanos_;
};

/// A limit that may be absent, as Python's `timeout=None`.
using OptionalDelay = std::optional<Delay>;

}  // namespace hocket
