// One worker's fork deque: the owner pushes and pops at the back, anyone steals at the front.
//
// Invariant: front <= back, except for the moment inside pop() described at Q2.
// An index stands for one item for ever (64 bits do not wrap), so that a CAS on front_ cannot take a later item.
// Calls: push, push_visible, pop, pop_if: the owner only (owner_end).  steal: any thread (thief_end).
// Orders: README.md, pairs Q1 to Q4.
// After: Chase & Lev, SPAA 2005; orders after Le, Pop, Cohen & Zappa Nardelli, PPoPP 2013, on operations instead of
// fences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/queue/steal.hpp>

namespace hocket::rt {

template <class T, class Atomics = std_atomics, unsigned InitialLog2 = 8>
class fork_deque {
  template <class U>
  using atomic = typename Atomics::template atomic<U>;

 public:
  class owner_end {
   public:
    /// Throws std::bad_alloc when it would have to grow and cannot; the deque is then as before.
    /// May overlook a worker that falls asleep at this very moment (README.md, "Why a fork may be quiet").
    void push(T& item) { deque_->push_at_back(item, release); }

    /// As push, and takes part in the park protocol: a worker that announced its sleep before this is seen after it.
    void push_visible(T& item) { deque_->push_at_back(item, seq_cst); }

    /// The youngest item; null when empty.
    T* pop() noexcept { return deque_->pop_at_back(); }

    /// Takes `item` back if it is the youngest and still here.
    bool pop_if(const T& item) noexcept { return deque_->youngest() == &item && deque_->pop_at_back() != nullptr; }

   private:
    friend class fork_deque;
    explicit owner_end(fork_deque& deque) noexcept : deque_(&deque) {}
    fork_deque* deque_;
  };

  class thief_end {
   public:
    /// The oldest item.
    steal_result<T> steal() noexcept { return deque_->steal_at_front(); }

   private:
    friend class fork_deque;
    explicit thief_end(fork_deque& deque) noexcept : deque_(&deque) {}
    fork_deque* deque_;
  };

  fork_deque() : buffers_(std::make_unique<buffer>(InitialLog2, nullptr)), buffer_(buffers_.get()) {}
  fork_deque(const fork_deque&) = delete;
  fork_deque& operator=(const fork_deque&) = delete;

  owner_end owner() noexcept { return owner_end(*this); }
  thief_end thief() noexcept { return thief_end(*this); }

  /// Any thread. Never true when a push that completed before the call has not been taken or is not just being taken.
  bool looks_empty() const noexcept { return size_hint() == 0; }

  /// Any thread; exact only when nothing moves.
  std::size_t size_hint() const noexcept {
    // order: P1: the park protocol's re-check; front first: it only grows, so that back - front is never too small.
    const auto f = front_.load(seq_cst);
    const auto b = back_.load(seq_cst);
    return b > f ? static_cast<std::size_t>(b - f) : 0;
  }

 private:
  using index = std::int64_t;  // signed: pop() of an empty deque looks at front - 1

  // A ring of 2^log2 slots. Outgrown rings stay alive, because a thief may still be reading them.
  struct buffer {
    buffer(unsigned size_log2, std::unique_ptr<buffer> outgrown)
        : log2(size_log2), slots(new atomic<T*>[std::size_t{1} << size_log2]()), older(std::move(outgrown)) {}

    index capacity() const noexcept { return index{1} << log2; }
    atomic<T*>& slot(index i) noexcept { return slots[static_cast<std::size_t>(i & (capacity() - 1))]; }

    const unsigned log2;
    const std::unique_ptr<atomic<T*>[]> slots;
    std::unique_ptr<buffer> older;
  };

  void push_at_back(T& item, std::memory_order publish) {
    // order: owner-only: nobody else writes back_ and buffer_.
    const auto b = back_.load(relaxed);
    auto* ring = buffer_.load(relaxed);
    if (b - front_seen_ >= ring->capacity()) {
      // order: Q3: acquires the theft that emptied the slot, so that the thief's reading of it is over.
      front_seen_ = front_.load(acquire);
      if (b - front_seen_ >= ring->capacity()) ring = grow(ring, b);
    }
    // order: Q1 publishes it.
    ring->slot(b).store(&item, relaxed);
    // order: Q1: publishes the slot, and what the item holds; pairs with back_.load in steal.
    back_.store(b + 1, publish);
  }

  buffer* grow(buffer* ring, index b) {
    auto bigger = std::make_unique<buffer>(ring->log2 + 1, nullptr);
    // order: Q4 publishes the copies.
    for (auto i = front_seen_; i < b; ++i) bigger->slot(i).store(ring->slot(i).load(relaxed), relaxed);
    bigger->older = std::move(buffers_);
    buffers_ = std::move(bigger);
    if constexpr (mutated<Atomics>("fork_deque: outgrown rings are reused")) {
      for (index i = 0; i < ring->capacity(); ++i) ring->slot(i).store(nullptr, relaxed);
    }
    // order: Q4: publishes the copied slots; pairs with buffer_.load in steal.
    buffer_.store(buffers_.get(), release);
    return buffers_.get();
  }

  // What was pushed last of all that was not popped; a thief may have it, or have had it long ago. Never an older item
  // that is here under the address of another: an address stands in the deque once.
  T* youngest() const noexcept {
    // order: owner-only: we wrote the slot, the index and the ring.
    return buffer_.load(relaxed)->slot(back_.load(relaxed) - 1).load(relaxed);
  }

  T* pop_at_back() noexcept {
    // order: owner-only: nobody else writes back_ and buffer_.
    const auto b = back_.load(relaxed) - 1;
    auto* ring = buffer_.load(relaxed);
    if constexpr (mutated<Atomics>("fork_deque: pop reads front before it claims the back")) {
      const auto early = front_.load(seq_cst);
      back_.store(b, seq_cst);
      if (early < b) return ring->slot(b).load(relaxed);
    }
    // order: Q2: claims slot b, then looks at front_; a thief looks at front_, then at back_. Both in the one order S:
    // either the thief sees the claim, or we see how far the thieves came.
    back_.store(b, mutated<Atomics>("fork_deque: pop claims with release only") ? release : seq_cst);
    auto f = front_.load(seq_cst);
    if (f < b) return ring->slot(b).load(relaxed);  // order: owner-only: we wrote the slot

    // At most one item is left, and a thief may be after it: the CAS decides.
    T* item = nullptr;
    if (f == b) {
      item = ring->slot(b).load(relaxed);  // order: owner-only: we wrote the slot
      if constexpr (mutated<Atomics>("fork_deque: the last item is taken without the CAS")) {
        front_.store(f + 1, seq_cst);
        // order: Q2: the CAS that thieves do.
      } else if (!front_.compare_exchange_strong(f, f + 1, seq_cst, relaxed)) {
        item = nullptr;
      }
    }
    // order: nobody gains by it: a thief that reads this value finds front_ at b + 1, or loses its CAS.
    back_.store(b + 1, relaxed);
    return item;
  }

  steal_result<T> steal_at_front() noexcept {
    buffer* ring = nullptr;
    if constexpr (mutated<Atomics>("fork_deque: the thief reads the ring before the back"))
      ring = buffer_.load(acquire);
    // order: Q2: front_ before back_, both in S.
    auto f = front_.load(seq_cst);
    // order: Q1: acquires the slot; Q2.
    const auto b = back_.load(seq_cst);
    if (f >= b) return {stole::empty, nullptr};
    // order: Q4: after back_, so that a ring at least as young as the item is seen; acquires the slots copied by
    // grow().
    if (!ring) ring = buffer_.load(acquire);
    if constexpr (mutated<Atomics>("fork_deque: the thief reads the slot after the CAS")) {
      if (!front_.compare_exchange_strong(f, f + 1, seq_cst, relaxed)) return {stole::lost, nullptr};
      return {stole::item, ring->slot(f).load(relaxed)};
    }
    // order: Q1. Before the CAS: after it the owner may fill the slot again.
    T* const item = ring->slot(f).load(relaxed);
    // order: Q2: takes the item; Q3: releases the reading above to the push that will reuse the slot.
    if (!front_.compare_exchange_strong(f, f + 1, seq_cst, relaxed)) return {stole::lost, nullptr};
    return {stole::item, item};
  }

  alignas(cache_line) atomic<index> front_{0};  // thieves, and the owner for the last item; only grows
  alignas(cache_line) atomic<index> back_{0};   // written by the owner
  index front_seen_ = 0;                        // owner-only: front_ was at least this far
  std::unique_ptr<buffer> buffers_;             // owner-only: the ring in use, and behind it the outgrown ones
  atomic<buffer*> buffer_;                      // written by the owner; == buffers_.get()
};

}  // namespace hocket::rt
