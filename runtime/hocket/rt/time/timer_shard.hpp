// One worker's timers, where others may reach them: a timer heap under a mutex, with its earliest deadline outside of
// it.
//
// Whoever takes a timer out, by pop_due() or by cancel(), owns what follows: exactly one party does.
// Calls: any thread, all of it. Nothing is fired under the lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <span>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/time/timer_heap.hpp>

namespace hocket::rt {

/// The last deadline there is: `never` says that nothing is armed, so a timer that is asked for later than this waits
/// for this.
inline constexpr nanos end_of_time = never - 1;

class timer_shard {
 public:
  /// True: `t` became this shard's earliest, and whoever sleeps until the former earliest must hear of it.
  /// The timer must be out of every shard. May throw std::bad_alloc.
  bool arm(timer& t, nanos deadline) {
    const std::lock_guard lock(mutex_);
    const nanos before = heap_.earliest();
    heap_.arm(t, std::min(deadline, end_of_time));
    publish();
    return heap_.earliest() < before;
  }

  /// False: it was popped, and its fire is another's business.
  bool cancel(timer& t) noexcept {
    const std::lock_guard lock(mutex_);
    if (!heap_.cancel(t)) return false;
    publish();
    return true;
  }

  /// Takes out timers that are due at `now`, at most out.size(), earliest first. Gives their number.
  std::size_t pop_due(nanos now, std::span<timer*> out) noexcept {
    const std::lock_guard lock(mutex_);
    std::size_t n = 0;
    while (n < out.size() && (out[n] = heap_.pop_due(now))) ++n;
    if (n > 0) publish();
    return n;
  }

  /// `never` when nothing is armed.
  nanos earliest() const noexcept {
    // order: T1: a thread about to sleep reads this after it has announced until when (sched/README.md).
    return earliest_.load(seq_cst);
  }

  std::size_t size() const noexcept {
    const std::lock_guard lock(mutex_);
    return heap_.size();
  }

 private:
  // Under mutex_.
  void publish() noexcept {
    const nanos now_earliest = heap_.earliest();
    // order: owner-only: written under mutex_ alone, so this reads the last value.
    if (earliest_.load(relaxed) == now_earliest) return;
    // order: T1: before arm()'s caller reads until when the sleepers sleep.
    earliest_.store(now_earliest, seq_cst);
  }

  mutable futex_mutex mutex_;
  timer_heap heap_;  // guarded by mutex_
  std::atomic<nanos> earliest_{never};
};

}  // namespace hocket::rt
