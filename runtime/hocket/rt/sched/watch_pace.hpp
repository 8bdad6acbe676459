// How long the watch waits between two looks: a tick, and twice that once it has found no hog for a while. So where
// there are none it costs half as much, and the first one is found a tick later.
// Calls: note(): who holds the watch's mutex; the rest: any thread.
#pragma once

#include <atomic>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class watch_pace {
 public:
  static constexpr nanos tick = nanos_per_ms;
  static constexpr unsigned trust = 64;  // looks in vain, and the ticks become longer

  nanos to_next_look() const noexcept { return in_vain_.load(relaxed) < trust ? tick : 2 * tick; }  // order: a hint

  /// A look is over.
  void note(bool found_a_hog) noexcept {
    in_vain_.store(found_a_hog ? 0 : in_vain_.load(relaxed) + 1, relaxed);  // order: a hint; one writer at a time
  }

 private:
  std::atomic<unsigned> in_vain_{0};
};

}  // namespace hocket::rt
