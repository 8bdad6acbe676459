// A thread on call: it rests while nobody needs it, and is up while anyone does. The scheduler's standby.
// What it rests on is a policy: a futex, or whatever else sleeps while a word holds a value and may end a sleep early.
//
// Needs are counted: need() before a worker computes for long, release() after. A ring gets it up for one look.
// Promise: after need() it is up, or gets up, and does not rest before as many release() as need().
// Calls: rest, take_ring: the thread itself.  The others: any thread.  Orders: README.md, pair B1.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/park/parker.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics, class Futex = system_futex>
class basic_on_call {
 public:
  basic_on_call() = default;
  basic_on_call(const basic_on_call&) = delete;
  basic_on_call& operator=(const basic_on_call&) = delete;

  /// One atomic add; a futex wake only when it is at rest.
  void need() noexcept {
    if constexpr (mutated<Atomics>("on_call: rouses before it counts")) rouse();
    // order: B1: before the look at the state; pairs with rest().
    needs_.fetch_add(1, seq_cst);
    if constexpr (!mutated<Atomics>("on_call: rouses before it counts")) rouse();
  }

  /// It is not disturbed: it rests when it comes back from what it does.
  void release() noexcept { needs_.fetch_sub(1, relaxed); }  // order: one who sees it late stays up a little longer.

  std::uint32_t needs() const noexcept {
    return needs_.load(relaxed);
  }  // order: a hint, but for the thread's own rest().
  bool is_needed() const noexcept { return needs() > 0; }
  bool is_at_rest() const noexcept { return state_.load(seq_cst) == at_rest; }  // order: B1.

  /// The policy, for what it knows besides.
  Futex& bed() noexcept { return futex_; }

  /// One look around, if it is at rest. One that is just about to rest may miss it: for callers that call again.
  void ring_if_at_rest() noexcept {
    if (!is_at_rest()) return;
    // order: B1.
    rung_.store(true, seq_cst);
    rouse();
  }

  /// Gets it up if it is at rest; it then looks at what the caller wrote before.
  void rouse() noexcept {
    auto expected = at_rest;
    // order: B1.
    if (!is_at_rest() || !state_.compare_exchange_strong(expected, up, seq_cst, relaxed)) return;
    if constexpr (mutated<Atomics>("on_call: rouse forgets the futex")) return;
    futex_.wake(state_);
  }

  /// It was rung since the last time.
  bool take_ring() noexcept {
    // order: a hint, then B1.
    return rung_.load(relaxed) && rung_.exchange(false, acquire);
  }

  /// Sleeps until it is needed, rung, or `is_stopping()` says so (set before a rouse(), or when the bed ended the
  /// sleep).
  template <class Predicate>
  void rest(Predicate&& is_stopping) noexcept {
    if constexpr (mutated<Atomics>("on_call: looks before it announces its rest")) {
      const bool stay_up = needs_.load(seq_cst) != 0 || rung_.load(seq_cst) || is_stopping();
      state_.store(at_rest, seq_cst);
      if (!stay_up) futex_.wait(state_, at_rest, never);
      state_.store(up, relaxed);
      return;
    }
    // order: B1: announces the rest before the last look; pairs with the seq_cst operations of need(),
    // ring_if_at_rest() and of the caller of rouse().
    state_.store(at_rest, mutated<Atomics>("on_call: announces with release only") ? release_order : seq_cst);
    while (needs_.load(seq_cst) == 0 && !rung_.load(seq_cst) && !is_stopping()) {
      futex_.wait(state_, at_rest, never);
      // order: B1.
      if (state_.load(acquire) != at_rest) break;
    }
    // order: nobody reads anything through it.
    state_.store(up, relaxed);
  }

 private:
  static constexpr std::uint32_t up = 0, at_rest = 1;
  static constexpr auto release_order = std::memory_order_release;  // the name is taken by release()

  alignas(cache_line) typename Atomics::template atomic<std::uint32_t> needs_{0};
  typename Atomics::template atomic<bool> rung_{false};
  typename Atomics::template atomic<std::uint32_t> state_{up};  // the futex word
  [[no_unique_address]] Futex futex_;
};

using on_call = basic_on_call<>;

}  // namespace hocket::rt
