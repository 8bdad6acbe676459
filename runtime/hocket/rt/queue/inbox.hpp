// A strand's inbox: what other threads hand to a serial loop, and whether anyone has to schedule it, in one word.
//
//   idle            nothing came, and the strand stands in no queue
//   busy            the strand is queued or running, and nothing new came
//   any other value the strand is queued or running, and this is the youngest of the newcomers
//
// Invariant: exactly one thread gets `true` for each way from idle to busy; that thread schedules the strand.
// Calls: push, try_claim: any thread.  drain, try_go_idle: the strand only (whoever runs it).
// Orders: README.md, pairs I1 and I2.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics>
class inbox {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// True: the strand was idle and now counts as busy; the caller must schedule it. Any thread.
  bool push(runnable& item) noexcept {
    // order: only a guess; the CAS decides.
    auto word = word_.load(relaxed);
    if constexpr (mutated<Atomics>("inbox: push without the CAS")) {
      item.next = holds_items(word) ? reinterpret_cast<runnable*>(word) : nullptr;
      word_.store(reinterpret_cast<std::uintptr_t>(&item), release);
      return word == idle;
    }
    do {
      item.next = holds_items(word) ? reinterpret_cast<runnable*>(word) : nullptr;
      // order: I1: publishes the item; pairs with drain(). I2: acquires the strand's last run from try_go_idle().
    } while (!word_.compare_exchange_weak(word, reinterpret_cast<std::uintptr_t>(&item), acq_rel, relaxed));
    return word == idle;
  }

  /// Everything that came, oldest first; the strand stays busy. The strand only.
  runnable_list drain() noexcept {
    runnable_list came;
    // order: a hint: what comes right after is caught by the next drain() or by try_go_idle().
    if (!holds_items(word_.load(relaxed))) return came;
    if constexpr (mutated<Atomics>("inbox: drain without the exchange")) {
      const auto seen = word_.load(acquire);
      word_.store(busy, relaxed);
      return in_order(seen);
    }
    // order: I1: acquires the pushed items.
    return in_order(word_.exchange(busy, acquire));
  }

  /// False when something came meanwhile: the strand is busy still. True: it now belongs to whoever wakes it. The
  /// strand only.
  bool try_go_idle() noexcept {
    auto expected = busy;
    if constexpr (mutated<Atomics>("inbox: goes idle without looking")) {
      const bool nothing = word_.load(acquire) == busy;
      if (nothing) word_.store(idle, release);
      return nothing;
    }
    // order: I2: releases the strand's state to the thread that makes it busy again.
    return word_.compare_exchange_strong(expected, idle, release, relaxed);
  }

  /// From idle to busy without an item: true: the caller must schedule the strand. Any thread.
  bool try_claim() noexcept {
    auto expected = idle;
    // order: I2: acquires the strand's last run.
    return word_.compare_exchange_strong(expected, busy, acquire, relaxed);
  }

  /// Any thread; for dumps and hints.
  bool is_idle() const noexcept {
    // order: nothing follows from it.
    return word_.load(relaxed) == idle;
  }

 private:
  static constexpr std::uintptr_t idle = 0;
  static constexpr std::uintptr_t busy = 1;

  static bool holds_items(std::uintptr_t word) noexcept { return word > busy; }

  static runnable_list in_order(std::uintptr_t word) noexcept {
    runnable_list came;
    auto* item = holds_items(word) ? reinterpret_cast<runnable*>(word) : nullptr;
    while (item) {
      runnable* const older = item->next;
      came.push_front(*item);
      item = older;
    }
    return came;
  }

  typename Atomics::template atomic<std::uintptr_t> word_{idle};
};

}  // namespace hocket::rt
