// For tests of programs that use hocket: time that costs nothing, and schedules that replay.
//
// Under the virtual clock a test of a one-hour timeout takes microseconds and does not depend on how busy the machine
// is: the clock jumps to the next deadline when nothing is queued or running. Under a seed the pool of one worker picks
// among ready tasks by a pseudo-random number, so that an order that breaks a program is found, and found again.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include <hocket/loop/run.hpp>

namespace hocket::testing {

/// Options for a run under the virtual clock.
RunOptions virtual_time(unsigned workers = 1) noexcept;

/// Options for a run under the virtual clock whose schedule is the seed's.
RunOptions seeded(std::uint64_t seed) noexcept;

/// Runs `coro` in the serial door under the virtual clock and gives its value.
template <class T>
T run_virtual(Coro<T> coro, unsigned workers = 1) {
  return run(std::move(coro), virtual_time(workers));
}

/// The same in the parallel door.
template <class T>
T run_parallel_virtual(Coro<T> coro, unsigned workers = 2) {
  return run_parallel(std::move(coro), virtual_time(workers));
}

/// What explore() found.
struct exploration {
  std::uint64_t schedules = 0;     // how many were run
  std::uint64_t failing_seed = 0;  // of the first that failed, when `failure` is set
  std::exception_ptr failure;      // what it failed with

  explicit operator bool() const noexcept { return !failure; }
  /// "1000 schedules passed", or "seed 17: ValueError: lost; replay it with HOCKET_SEED=17".
  std::string text() const;
};

/// Runs the coroutine that `make` gives under `schedules` different seeds, `first_seed` and those after it, in the
/// parallel door, until one throws. The same seed gives the same schedule. Not from within a loop.
exploration explore(const std::function<Coro<>()>& make, std::uint64_t schedules = 1000, std::uint64_t first_seed = 1);

}  // namespace hocket::testing
