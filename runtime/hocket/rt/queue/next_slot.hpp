// A worker's next slot: the one runnable that the running one just woke, to be run right after it, while its data is
// warm.
//
// Filling it wakes nobody, so that it is not part of the park protocol: the owner empties it before it parks. Others
// take from it as a last resort, when the owner is stuck in a long task. Calls: put, take: the owner only (owner_end).
// steal: any thread (thief_end). Orders: README.md, pair N1.
#pragma once

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics>
class next_slot {
 public:
  class owner_end {
   public:
    /// Gives back the one that was there, now the caller's; null when there was none.
    runnable* put(runnable& item) noexcept { return slot_->put_one(item); }

    /// Null when empty.
    runnable* take() noexcept { return slot_->take_one(); }

   private:
    friend class next_slot;
    explicit owner_end(next_slot& slot) noexcept : slot_(&slot) {}
    next_slot* slot_;
  };

  class thief_end {
   public:
    /// Null when empty.
    runnable* steal() noexcept { return slot_->take_one(); }

   private:
    friend class next_slot;
    explicit thief_end(next_slot& slot) noexcept : slot_(&slot) {}
    next_slot* slot_;
  };

  next_slot() = default;
  next_slot(const next_slot&) = delete;
  next_slot& operator=(const next_slot&) = delete;

  owner_end owner() noexcept { return owner_end(*this); }
  thief_end thief() noexcept { return thief_end(*this); }

  /// Any thread; a hint.
  bool looks_empty() const noexcept { return item_.load(relaxed) == nullptr; }  // order: a hint.

 private:
  runnable* put_one(runnable& item) noexcept {
    if constexpr (mutated<Atomics>("next_slot: put without the exchange")) {
      runnable* const displaced = item_.load(relaxed);
      item_.store(&item, release);
      return displaced;
    }
    if constexpr (mutated<Atomics>("next_slot: put forgets the displaced one")) {
      item_.store(&item, release);
      return nullptr;
    }
    // order: N1: publishes the item to a thief. What is displaced was put by this very thread.
    return item_.exchange(&item, release);
  }

  runnable* take_one() noexcept {
    // order: a hint that saves the exchange; the owner sees what it put itself.
    runnable* const seen = item_.load(relaxed);
    if (!seen) return nullptr;
    if constexpr (mutated<Atomics>("next_slot: take without the exchange")) {
      item_.store(nullptr, relaxed);
      return seen;
    }
    // order: N1: acquires the item.
    return item_.exchange(nullptr, acquire);
  }

  typename Atomics::template atomic<runnable*> item_{nullptr};
};

}  // namespace hocket::rt
