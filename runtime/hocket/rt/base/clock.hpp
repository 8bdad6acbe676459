// Time as the runtime counts it: nanoseconds in a signed 64-bit number, on CLOCK_MONOTONIC.
#pragma once

#include <time.h>

#include <cstdint>
#include <limits>

namespace hocket::rt {

using nanos = std::int64_t;

inline constexpr nanos never = std::numeric_limits<nanos>::max();
inline constexpr nanos nanos_per_us = 1'000;
inline constexpr nanos nanos_per_ms = 1'000'000;
inline constexpr nanos nanos_per_second = 1'000'000'000;

/// Nanoseconds of one of the kernel's clocks. Any thread.
nanos clock_now(clockid_t clock) noexcept;

/// Nanoseconds of CLOCK_MONOTONIC. Any thread.
inline nanos steady_now() noexcept { return clock_now(CLOCK_MONOTONIC); }

/// `now + delay`, held at `never` where the sum would overflow; a delay of `never` stays `never`.
constexpr nanos saturating_add(nanos now, nanos delay) noexcept {
  nanos sum = 0;
  return __builtin_add_overflow(now, delay, &sum) ? never : sum;
}

}  // namespace hocket::rt
