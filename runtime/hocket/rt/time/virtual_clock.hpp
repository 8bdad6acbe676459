// Time that is owned: it stands while anything can run or somebody holds it, and jumps to the next deadline otherwise.
//
// The clock knows who holds it; what can run, only the caller of jump() knows.
//
// Promise: no jump while a hold is taken, also one taken while the caller of jump() looked around.
// Calls: now, hold, release: any thread.  jump: one thread at a time, which has nothing to do but to wait.
// Orders: sched/README.md, pairs V1 and V5.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics>
class basic_virtual_clock {
 public:
  // order: whoever reads it runs, and whatever runs was woken after the last jump.
  nanos now() const noexcept { return now_.load(relaxed); }

  /// Only by who keeps time from moving already: a running worker, or another holder.
  void hold() noexcept {
    holds_.fetch_add(one_taken + 1, seq_cst);  // order: V5: before the holder sleeps
  }

  /// True: that was the last hold, and somebody is to ask for a jump.
  [[nodiscard]] bool release() noexcept {
    return held_in(holds_.fetch_sub(1, seq_cst)) == 1;  // order: V1: after what the holder posted
  }

  /// How many hold it. A hint.
  std::uint64_t held() const noexcept { return held_in(holds_.load(relaxed)); }  // order: a hint

  /// Jumps to what `look_around()` gives: the earliest deadline if nothing can run, else `never`. True: it jumped.
  template <class F>
  bool jump(F look_around) noexcept {
    // order: V1: nobody holds it, and what the last holder posted is seen by look_around().
    const word before = holds_.load(seq_cst);
    if (held_in(before) != 0) return false;
    const nanos deadline = look_around();
    if (deadline == never) return false;
    // order: V5: after what look_around() saw of the sleepers: one that was awake before may have taken a hold.
    if (holds_.load(seq_cst) != before && !mutated<Atomics>("virtual_clock: looks at the holds only once"))
      return false;
    // order: now(). Time never goes back: a deadline may have been armed in the past.
    now_.store(std::max(deadline, now_.load(relaxed)), relaxed);
    return true;
  }

 private:
  using word = std::uint64_t;  // holds now in the low half, holds ever taken in the high half
  static constexpr word one_taken = word{1} << 32;
  static word held_in(word w) noexcept { return w % one_taken; }

  typename Atomics::template atomic<nanos> now_{0};
  typename Atomics::template atomic<word> holds_{0};
};

using virtual_clock = basic_virtual_clock<>;

}  // namespace hocket::rt
