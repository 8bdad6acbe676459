// Who stands next: the followers at rest, and the one that was called and has not arrived yet.
//
// A thread that is about to run a suspect calls one when nobody stands in the reactor. One call at a time is under way:
// until the called one has arrived, which is when it stands, or runs something and answers for itself.
// Promise: after call() gave true, one follower gets up, and is arriving until it calls arrive().
// Calls: rest, arrive: a follower. call: any thread. Orders: README.md, pair F1. Model: tests/model/follower_model.cpp.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/park/parker.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics, class Futex = system_futex>
class basic_follower_roster {
 public:
  basic_follower_roster() = default;
  basic_follower_roster(const basic_follower_roster&) = delete;
  basic_follower_roster& operator=(const basic_follower_roster&) = delete;

  enum class called { one, under_way, nobody_rests };

  /// Gets one up, unless one is on its way.
  called call() noexcept {
    // order: F1: after the caller left its own stay and saw nobody's; pairs with arrive().
    if (arriving_.load(seq_cst)) return called::under_way;
    auto resting = resting_.load(seq_cst);
    do {
      if (resting == 0) return called::nobody_rests;
      // order: F1: this caller takes one out of those at rest; pairs with rest().
    } while (!resting_.compare_exchange_weak(resting, resting - 1, seq_cst));
    arriving_.store(true, seq_cst);
    calls_.fetch_add(1, seq_cst);
    if constexpr (!mutated<Atomics>("followers: call forgets the futex")) futex_.wake(calls_);
    return called::one;
  }

  /// A follower that was called stands now, or is about to run something. Of use to others as well: does nothing then.
  void arrive() noexcept {
    // order: F1: after the stay was entered.
    if (arriving_.load(relaxed)) arriving_.store(false, seq_cst);
  }

  /// Sleeps until it is called; or until stop(), which comes once. `is_needed`: a last look, after it is among those at
  /// rest: who looked for one before saw nobody.
  template <class Predicate>
  void rest(Predicate&& is_needed) noexcept {
    resting_.fetch_add(1, seq_cst);  // order: F1: before the last look; pairs with call()
    if (is_needed() && withdraw()) return;
    for (;;) {
      auto n = calls_.load(seq_cst);
      while (n > 0) {
        if (calls_.compare_exchange_weak(n, n - 1, seq_cst)) return;
      }
      futex_.wait(calls_, 0, never);
    }
  }

  unsigned resting() const noexcept { return resting_.load(relaxed); }

  /// As many calls as there are followers.
  void stop(unsigned followers) noexcept {
    for (unsigned i = 0; i < followers; ++i) {
      calls_.fetch_add(1, seq_cst);
      futex_.wake(calls_);
    }
  }

 private:
  /// False: it was called meanwhile, and must take the call.
  bool withdraw() noexcept {
    auto resting = resting_.load(seq_cst);
    while (resting > 0) {
      if (resting_.compare_exchange_weak(resting, resting - 1, seq_cst)) return true;
    }
    return false;
  }

  typename Atomics::template atomic<std::uint32_t> calls_{0};    // the futex word: calls that nobody has answered yet
  typename Atomics::template atomic<std::uint32_t> resting_{0};  // not counting those that are called
  typename Atomics::template atomic<bool> arriving_{false};
  [[no_unique_address]] Futex futex_;
};

using follower_roster = basic_follower_roster<>;

}  // namespace hocket::rt
