// How long the watch waits between two looks: a tick, twice that once it has found no hog for a while, and four times
// when that is long ago. So where there are none it costs a quarter, and the first one is found a few ticks later.
// Calls: note(): who holds the watch's mutex; the rest: any thread.
#pragma once

#include <atomic>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class watch_pace {
 public:
  static constexpr nanos tick = nanos_per_ms;
  static constexpr unsigned trust = 16, long_trust = 64;  // looks in vain, and the ticks become longer

  nanos to_next_look() const noexcept {
    const unsigned in_vain = in_vain_.load(relaxed);  // order: a hint
    return in_vain < trust ? tick : in_vain < long_trust ? 2 * tick : 4 * tick;
  }

  /// A look is over.
  void note(bool found_a_hog) noexcept {
    in_vain_.store(found_a_hog ? 0 : in_vain_.load(relaxed) + 1, relaxed);  // order: a hint; one writer at a time
  }

 private:
  std::atomic<unsigned> in_vain_{0};
};

}  // namespace hocket::rt
