// What is known about one direction of one descriptor, in one word: nothing, "ready", "ended", or the operation that
// waits.
//
//   bits 63..48  tag      the low bits of the attachment's generation: a transition asked for by a stale one changes
//                         nothing
//   bits 47..0   payload  0 empty | 1 ready | 2 ended: ready, and will be so for ever | the address of the io_op that
//   waits
//
// Calls: any thread. Every transition is one successful CAS or exchange on this word, so whoever's transition takes
// an operation out owns its wake, and nobody else does. Orders and races: README.md, pairs I1 and I2.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

enum class submitted { waiting, was_ready, stale };

template <class Op, class Atomics = std_atomics>
class readiness {
 public:
  /// Leaves `op` waiting; or eats a readiness that came before it, and then the caller must try its call again.
  /// Ends the process when another operation waits already: that is the caller's bug.
  submitted submit(std::uint16_t tag, Op& op) noexcept {
    auto seen = word_.load(relaxed);
    for (;;) {
      if (tag_of(seen) != tag && !mutated<Atomics>("readiness: a stale tag is heard")) return submitted::stale;
      const auto payload = payload_of(seen);
      if (payload == empty) {
        // order: I1: publishes the operation's fields; pairs with the acquire of whoever takes it out.
        if (word_.compare_exchange_weak(seen, pack(tag, address(op)), acq_rel, relaxed)) return submitted::waiting;
      } else if (payload == ended) {
        return submitted::was_ready;
      } else if (payload == ready) {
        // order: I2: pairs with deliver(): the caller's next system call sees what made the descriptor ready.
        if (word_.compare_exchange_weak(seen, pack(tag, empty), acq_rel, relaxed)) return submitted::was_ready;
      } else {
        fatal("io", "two operations wait for the same direction of a descriptor");
      }
    }
  }

  /// True: `op` was waiting and is the caller's again. False: another owns its wake.
  bool cancel(std::uint16_t tag, Op& op) noexcept {
    auto expected = pack(tag, address(op));
    // order: I1.
    return word_.compare_exchange_strong(expected, pack(tag, empty), acq_rel, relaxed);
  }

  /// The kernel said that this direction is ready; `ends`: and that no call will ever have to wait again. Gives the
  /// operation that waited, now the caller's to wake, or null.
  Op* deliver(std::uint16_t tag, bool ends = false) noexcept {
    if constexpr (mutated<Atomics>("readiness: the end is told once")) ends = false;
    auto seen = word_.load(relaxed);
    for (;;) {
      if (tag_of(seen) != tag) return nullptr;
      const auto payload = payload_of(seen);
      const bool waits = is_operation(payload);
      const auto left = ends || payload == ended ? ended : waits ? empty : ready;
      if (!waits && mutated<Atomics>("readiness: an edge without a waiter is dropped")) return nullptr;
      // order: I1 (acquire: takes the operation) and I2 (release: publishes the kernel's news). The exchange happens
      // even if the word says `ready` already: an unchanged write still orders a submit() that eats it behind this
      // news.
      if (word_.compare_exchange_weak(seen, pack(tag, left), acq_rel, relaxed)) {
        return waits ? reinterpret_cast<Op*>(payload) : nullptr;
      }
    }
  }

  /// Ends the attachment: from here on only `next_tag` is heard. Gives the operation that waited, or null.
  Op* retire(std::uint16_t next_tag) noexcept {
    // order: I1; release: a stale submit() that comes later reads the new tag from here or from what followed.
    const auto payload = payload_of(word_.exchange(pack(next_tag, empty), acq_rel));
    return is_operation(payload) ? reinterpret_cast<Op*>(payload) : nullptr;
  }

 private:
  static constexpr unsigned tag_shift = 48;
  static constexpr std::uint64_t payload_mask = (std::uint64_t{1} << tag_shift) - 1;
  static constexpr std::uint64_t empty = 0, ready = 1, ended = 2;
  static constexpr bool is_operation(std::uint64_t payload) noexcept { return payload > ended; }

  static std::uint64_t address(Op& op) noexcept {
    const auto bits = reinterpret_cast<std::uintptr_t>(&op);
    if (bits & ~payload_mask) fatal("io", "address %p needs more than 48 bits", static_cast<void*>(&op));
    return bits;
  }
  static constexpr std::uint64_t pack(std::uint16_t tag, std::uint64_t payload) noexcept {
    return std::uint64_t{tag} << tag_shift | payload;
  }
  static constexpr std::uint16_t tag_of(std::uint64_t word) noexcept {
    return static_cast<std::uint16_t>(word >> tag_shift);
  }
  static constexpr std::uint64_t payload_of(std::uint64_t word) noexcept { return word & payload_mask; }

  typename Atomics::template atomic<std::uint64_t> word_{pack(0, empty)};
};

}  // namespace hocket::rt
