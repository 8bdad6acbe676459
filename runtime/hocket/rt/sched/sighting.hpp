// What the watch has seen of a seat, and whether what runs there is stuck.
//
// That the seat has dispatched nothing since the last look does not say it: neither does a thread that waits for a
// processor, and whoever stood up for it would take that processor from it for longer. Stuck is what has computed for
// an eighth of a millisecond since it was first seen, and stays so until it ends; or what blocks in a call. A thread
// that shares its processor with others computes a part of each tick only, so that what falls short adds up. Calls: who
// holds the watch's mutex.
#pragma once

#include <cstdint>

#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class sighting {
 public:
  sighting() = default;

  /// Processor time of one run since it was first seen: less is no proof that it computes.
  static constexpr nanos computing = nanos_per_ms / 8;

  /// A look: the seat has dispatched `runs` times, something runs there or nothing, its thread has used `cpu`. Whether
  /// that `wants_processor()` is asked only where it decides. True: what runs is stuck.
  template <class Probe>
  bool look(std::uint64_t runs, bool is_running, nanos cpu, Probe&& wants_processor) {
    if (!is_running || runs != runs_) {
      *this = sighting(is_running ? runs : none, cpu);
      return false;
    }
    computed_ = cpu - cpu_before_;
    if (computed_ < computing && wants_processor()) return false;
    ++times_stuck_;
    return true;
  }

  /// Looks that found this run stuck.
  unsigned times_stuck() const noexcept { return times_stuck_; }
  /// Processor time of this run since it was first seen.
  nanos computed() const noexcept { return computed_; }

 private:
  sighting(std::uint64_t runs, nanos cpu) noexcept : runs_(runs), cpu_before_(cpu) {}

  static constexpr std::uint64_t none = ~std::uint64_t{0};

  std::uint64_t runs_ = none;
  nanos cpu_before_ = 0;
  nanos computed_ = 0;
  unsigned times_stuck_ = 0;
};

}  // namespace hocket::rt
