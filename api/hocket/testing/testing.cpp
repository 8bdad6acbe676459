#include <hocket/testing/testing.hpp>

namespace hocket::testing {

RunOptions virtual_time(unsigned workers) noexcept {
  RunOptions o;
  o.workers = workers;
  o.virtual_clock = true;
  return o;
}

RunOptions seeded(std::uint64_t seed) noexcept {
  RunOptions o = virtual_time(1);
  o.seed = seed;
  return o;
}

std::string exploration::text() const {
  if (!failure) return std::to_string(schedules) + " schedules passed";
  const std::string seed = std::to_string(failing_seed);
  return "seed " + seed + ": " + describe(failure) + "; replay it with HOCKET_SEED=" + seed;
}

exploration explore(const std::function<Coro<>()>& make, std::uint64_t schedules, std::uint64_t first_seed) {
  exploration found;
  for (std::uint64_t seed = first_seed; found.schedules < schedules; ++seed) {
    ++found.schedules;
    try {
      run_parallel(make(), seeded(seed));
    } catch (...) {
      found.failing_seed = seed;
      found.failure = std::current_exception();
      break;
    }
  }
  return found;
}

}  // namespace hocket::testing
