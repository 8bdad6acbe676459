// One worker's bed: it sleeps until somebody leaves a token, on a futex, inside the reactor, or lent to a borrower.
//
//   empty            awake, no token
//   notified         a token waits: the next park() or begin_reactor_wait() returns at once
//   parked           asleep on the futex
//   in_reactor       asleep in the reactor's poll, or about to be: only the reactor's wake reaches it
//   called_in_reactor  the same, and a token waits: the reactor was or is being woken
//   lent             does a borrower's work instead of sleeping: only the borrower can send it back
//   called_from_loan the same, and a token waits: the borrower was or is being asked
//
// Promise: an unpark() is never lost: the worker's current or next wait ends. Several count as one.
// Calls: park, begin_*, end_*: the worker that owns it.  unpark, is_called: any thread.
// Orders: README.md, pair K1.
#pragma once

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

struct system_futex {
  static bool wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, nanos deadline) noexcept {
    return futex_wait(word, expected, deadline);
  }
  static void wake(const std::atomic<std::uint32_t>& word) noexcept { futex_wake(word, 1); }
};

/// What the giver of a token still has to do.
enum class token_calls : std::uint8_t { nobody, reactor, borrower };

template <class Atomics = std_atomics, class Futex = system_futex>
class basic_parker {
 public:
  basic_parker() = default;
  basic_parker(const basic_parker&) = delete;
  basic_parker& operator=(const basic_parker&) = delete;

  /// Sleeps until unpark() or `deadline` (CLOCK_MONOTONIC; `never` for none). True: a token came, and is used up.
  bool park(nanos deadline = never) noexcept {
    if (!lie_down(parked)) return true;
    for (;;) {
      const bool in_time = Futex::wait(word_, parked, deadline);
      auto expected = notified;
      // order: K1: acquires what the waker did before unpark().
      if (word_.compare_exchange_strong(expected, empty, acquire, relaxed)) return true;
      if (!in_time) return get_up();
    }
  }

  /// Leaves a token. `reactor`: the worker waits inside it, and the caller must call the reactor's wake. `borrower`:
  /// the worker is lent, and the caller must ask for it back; once a loan. Any thread.
  [[nodiscard]] token_calls unpark() noexcept {
    // order: only a guess; the CAS decides.
    auto state = word_.load(relaxed);
    for (;;) {
      if constexpr (mutated<Atomics>("parker: unpark leaves no token with one who is awake")) {
        if (state == empty) return token_calls::nobody;
      }
      // order: K1: releases what the caller did to the one that uses the token; also when one lies there already.
      if (word_.compare_exchange_weak(state, with_token(state), release, relaxed)) break;
    }
    if (state == parked && !mutated<Atomics>("parker: unpark forgets the futex")) Futex::wake(word_);
    if (state == in_reactor && !mutated<Atomics>("parker: unpark forgets the reactor")) return token_calls::reactor;
    if (state == lent && !mutated<Atomics>("parker: unpark forgets the borrower")) return token_calls::borrower;
    return token_calls::nobody;
  }

  /// Before a blocking poll. False: a token came first, and is used up; do not block.
  [[nodiscard]] bool begin_reactor_wait() noexcept { return lie_down(in_reactor); }

  /// After the poll, however it ended. True: a token came, and is used up.
  bool end_reactor_wait() noexcept { return get_up(); }

  /// Before work for a borrower. False: a token came first, and is used up; do not begin.
  [[nodiscard]] bool begin_loan() noexcept { return lie_down(lent); }

  /// After it, however it ended. True: a token came, and is used up.
  bool end_loan() noexcept { return get_up(); }

  /// The worker was called while it waits in the reactor, and is not back. Whoever comes out of a shared reactor's poll
  /// with the wake event but without a token of its own finds the one it was meant for by this, and wakes the reactor
  /// again.
  bool is_called() const noexcept { return word_.load(seq_cst) == called_in_reactor; }  // order: K2.

 private:
  static constexpr std::uint32_t empty = 0, parked = 1, notified = 2, in_reactor = 3, called_in_reactor = 4, lent = 5,
                                 called_from_loan = 6;

  static constexpr std::uint32_t with_token(std::uint32_t state) noexcept {
    if (state == in_reactor || state == called_in_reactor) return called_in_reactor;
    if (state == lent || state == called_from_loan) return called_from_loan;
    return notified;
  }

  static constexpr bool is_token(std::uint32_t state) noexcept {
    return state == notified || state == called_in_reactor || state == called_from_loan;
  }

  // False: a token was there, and is used up.
  bool lie_down(std::uint32_t bed) noexcept {
    auto state = empty;
    if constexpr (mutated<Atomics>("parker: lies down on a token")) {
      word_.store(bed, seq_cst);
      return true;
    }
    // order: both sides of the race are read-modify-writes of this one word; there is nothing to acquire yet.
    if (word_.compare_exchange_strong(state, bed, relaxed, relaxed)) return true;
    if (state != notified) fatal("park", "token lost (state=%u)", state);
    // order: K1: acquires the token's giver; an exchange, because a second unpark() may have renewed the token.
    word_.exchange(empty, acquire);
    return false;
  }

  // True: a token was there, and is used up.
  bool get_up() noexcept {
    if constexpr (mutated<Atomics>("parker: gets up without the exchange")) {
      const auto seen = word_.load(acquire);
      word_.store(empty, relaxed);
      return is_token(seen);
    }
    // order: K1.
    const auto before = word_.exchange(empty, acquire);
    return is_token(before);
  }

  typename Atomics::template atomic<std::uint32_t> word_{empty};
};

using parker = basic_parker<>;

}  // namespace hocket::rt
