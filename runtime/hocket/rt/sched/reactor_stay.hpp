// One thread's stay in the reactor, as the others see it: out, in until a deadline, or in and called back.
//
// A wake of the reactor reaches some thread that blocks there, not a chosen one. So whoever wants this thread back
// marks the stay as called before it wakes the reactor, and a thread that finds another one's stay called, or too long,
// wakes again. Calls: enter(), leave(): the thread itself. The others: any thread. Orders: README.md, pairs T1 and T2.
#pragma once

#include <optional>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics>
class basic_reactor_stay {
 public:
  /// Announces a wait until `earliest()`, and again while that gives something earlier than was announced. Gives until
  /// when the caller may wait, and no longer: an earlier deadline may go at any moment, and for a later one than
  /// announced nobody is called back. Nothing: as enter().
  template <class Earliest>
  std::optional<nanos> announce(Earliest&& earliest) noexcept {
    nanos until = never;
    do {
      until = earliest();
      if (!enter(until)) return std::nullopt;
    } while (!mutated<Atomics>("reactor_stay: does not look again") && earliest() < until);
    if constexpr (mutated<Atomics>("reactor_stay: waits until another time than it announced")) return earliest();
    return until;
  }

  /// Announces a wait until `until`, or another time. The caller then looks once more at what could call it back.
  /// False: it was called back since it entered: it must not wait.
  bool enter(nanos until) noexcept {
    // order: T1, T2: before the second look.
    return word_.exchange(until, seq_cst) != called;
  }

  void leave() noexcept { word_.store(out, seq_cst); }

  /// True: the thread was in, not yet called, and would stay beyond `deadline`: the caller wakes the reactor now.
  bool call_if_beyond(nanos deadline) noexcept {
    // order: T1: after the shard's earliest deadline was written.
    nanos until = word_.load(seq_cst);
    while (until > deadline) {
      if (word_.compare_exchange_weak(until, called, seq_cst)) return true;
    }
    return false;
  }

  /// The same, however long it would stay.
  bool call() noexcept { return call_if_beyond(out); }

  /// True: a wake is still owed to it, or is on its way.
  bool is_called() const noexcept { return word_.load(seq_cst) == called; }

  bool is_in() const noexcept { return word_.load(seq_cst) != out; }  // order: F1

 private:
  static constexpr nanos out = -1;
  static constexpr nanos called = -2;

  typename Atomics::template atomic<nanos> word_{out};
};

using reactor_stay = basic_reactor_stay<>;

}  // namespace hocket::rt
