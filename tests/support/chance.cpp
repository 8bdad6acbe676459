#include "support/chance.hpp"

#include <atomic>
#include <cstdio>
#include <limits>
#include <random>

#include "support/environment.hpp"

namespace hocket::support {
namespace {

std::atomic<bool> asked{false};

}  // namespace

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const auto given = number_from_environment("HOCKET_TEST_SEED", 0, std::numeric_limits<std::uint64_t>::max());
    return given ? *given : static_cast<std::uint64_t>(std::random_device{}());
  }();
  // order: relaxed: read by the same thread after the test's threads have ended; a plain flag otherwise.
  asked.store(true, std::memory_order_relaxed);
  return seed;
}

void begin_seed() { asked.store(false, std::memory_order_relaxed); }

void report_seed() {
  if (asked.load(std::memory_order_relaxed)) {
    std::printf("to repeat: HOCKET_TEST_SEED=%llu\n", static_cast<unsigned long long>(test_seed()));
  }
}

}  // namespace hocket::support
