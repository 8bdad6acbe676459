// How much earlier than its deadline a sleeper asks to be woken, because the kernel is late.
//
// A processor that idles needs some microseconds to wake up, 60 to 100 in a virtual machine, and all of it would be
// seen as the lateness of timers. So a sleeper learns by how much it is late at least, mostly, and asks for so much
// less. About one wake in seven comes sooner than that; then it spins for the rest, a few microseconds.
//
// Calls: one thread.
#pragma once

#include <algorithm>

#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class wake_lead {
 public:
  static constexpr nanos most = 200 * nanos_per_us;
  static constexpr nanos most_spun = 50 * nanos_per_us;  // who comes sooner by more sleeps again

  /// What to ask for instead of `timeout`. It takes an eighth of it at most: a short sleep is no spin.
  nanos shorten(nanos timeout) const noexcept { return timeout - std::min(lead_, timeout / 8); }

  /// A sleep ended by its timeout, so much later than it was to end. Small steps up and large ones down settle below
  /// most of what comes, and one that is very late says little.
  void note(nanos late) noexcept {
    const nanos off = late - lead_;
    const nanos step = off > 0 ? std::min(off / 16, 8 * nanos_per_us) : std::max(off, -32 * nanos_per_us);
    lead_ = std::clamp<nanos>(lead_ + step, 0, most);
  }

 private:
  nanos lead_ = 0;
};

}  // namespace hocket::rt
