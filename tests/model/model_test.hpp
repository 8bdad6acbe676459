// How a model is stated as a test: a world that must hold at bounds 3 and 4, and mutants of it that must not.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include <hocket/rt/base/sanitizers.hpp>

#include "explorer.hpp"
#include "model_atomics.hpp"
#include "support/deadline.hpp"

namespace hocket::model {

inline constexpr bool is_sanitized = HOCKET_ASAN || HOCKET_TSAN;
inline constexpr double patience = 600;  // seconds for one exploration: it is bounded by its number of orders

/// Every order within `limits` passes; prints how many there were. A sanitizer, which slows fibers down a hundredfold
/// and sees here only what one thread does, gets smaller bounds.
template <class World>
void expect_holds(const char* name, bounds limits) {
  support::extend_deadline(patience);
  if (is_sanitized) limits.preemptions = limits.delays ? 1 : std::min(limits.preemptions, 2u);
  const auto v = explore(make<World>, limits);
  EXPECT_TRUE(v.holds) << v;
  EXPECT_TRUE(v.complete) << "gave up after " << v.interleavings << " interleavings";
  std::printf("[  MODEL   ] %-44s %10llu interleavings, bound %u%s\n", name,
              static_cast<unsigned long long>(v.interleavings), limits.preemptions,
              limits.delays ? (", " + std::to_string(limits.delays) + " delayed stores").c_str() : "");
  std::fflush(stdout);
}

/// Random orders of a world too large to exhaust.
template <class World>
void expect_holds_sampled(const char* name, std::uint64_t seed, std::uint64_t runs, unsigned delays = 0) {
  support::extend_deadline(patience);
  if (is_sanitized) runs /= 50;
  const auto v = sample(make<World>, seed, runs, {.delays = delays});
  EXPECT_TRUE(v.holds) << "seed " << seed << ": " << v;
  std::printf("[  MODEL   ] %-44s %10llu random orders, seed %llu%s\n", name,
              static_cast<unsigned long long>(v.interleavings), static_cast<unsigned long long>(seed),
              delays ? ", with delayed stores" : "");
  std::fflush(stdout);
}

/// The mutant is found, and its path shows the same failure again.
template <class World>
void expect_caught(const char* mutant, bounds limits = {}) {
  support::extend_deadline(patience);
  const auto v = explore(make<World>, limits);
  ASSERT_FALSE(v.holds) << mutant << ": not noticed in " << v.interleavings << " interleavings";
  const auto again = replay(make<World>, v.path);
  EXPECT_FALSE(again.holds) << mutant << ": " << v.path << " does not replay";
  EXPECT_EQ(v.failure, again.failure);
  std::printf("[  MUTANT  ] %-72s caught in interleaving %llu\n", mutant,
              static_cast<unsigned long long>(v.interleavings));
  std::fflush(stdout);
}

}  // namespace hocket::model
