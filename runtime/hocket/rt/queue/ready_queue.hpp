// One worker's ready queue: a bounded ring, first in, first out. The owner pushes at the tail; the owner and thieves
// take one item at a time at the head.
//
// Invariant: head <= tail <= head + capacity. Indices run freely in 64 bits, so that a CAS on head_ cannot take a later
// item. Calls: push, pop: the owner only (owner_end).  steal: any thread (thief_end). Orders: README.md, pairs R1, R2
// and P1. After: the run queue of Go's scheduler and of tokio; differs in that a theft takes one item, so that no range
// is ever held "being stolen" (tokio-rs/tokio#2387, #5041).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/queue/steal.hpp>

namespace hocket::rt {

template <class T, class Atomics = std_atomics, unsigned CapacityLog2 = 8>
class ready_queue {
  template <class U>
  using atomic = typename Atomics::template atomic<U>;

 public:
  static constexpr std::size_t capacity = std::size_t{1} << CapacityLog2;

  class owner_end {
   public:
    /// False when full: nothing was pushed.
    bool push(T& item) noexcept { return queue_->push_at_tail(item); }

    /// The oldest item; null when empty.
    T* pop() noexcept { return queue_->pop_at_head(); }

   private:
    friend class ready_queue;
    explicit owner_end(ready_queue& queue) noexcept : queue_(&queue) {}
    ready_queue* queue_;
  };

  class thief_end {
   public:
    /// The oldest item.
    steal_result<T> steal() noexcept { return queue_->steal_at_head(); }

   private:
    friend class ready_queue;
    explicit thief_end(ready_queue& queue) noexcept : queue_(&queue) {}
    ready_queue* queue_;
  };

  ready_queue() = default;
  ready_queue(const ready_queue&) = delete;
  ready_queue& operator=(const ready_queue&) = delete;

  owner_end owner() noexcept { return owner_end(*this); }
  thief_end thief() noexcept { return thief_end(*this); }

  /// Any thread. Never true when a push that completed before the call has not been taken.
  bool looks_empty() const noexcept { return size_hint() == 0; }

  /// Any thread; exact only when nothing moves.
  std::size_t size_hint() const noexcept {
    // order: P1: the park protocol's re-check; head first: it only grows, so that tail - head is never too small.
    const auto h = head_.load(seq_cst);
    const auto t = tail_.load(seq_cst);
    return t > h ? static_cast<std::size_t>(t - h) : 0;
  }

 private:
  using index = std::uint64_t;

  atomic<T*>& slot(index i) noexcept { return slots_[static_cast<std::size_t>(i & (capacity - 1))]; }

  bool push_at_tail(T& item) noexcept {
    // order: owner-only: nobody else writes tail_.
    const auto t = tail_.load(relaxed);
    if (t - head_seen_ >= capacity) {
      // order: R2: acquires the taking that emptied the slot, so that the taker's reading of it is over.
      head_seen_ = head_.load(acquire);
      if (t - head_seen_ >= capacity && !mutated<Atomics>("ready_queue: a full ring takes one more")) return false;
    }
    if constexpr (mutated<Atomics>("ready_queue: the tail moves before the slot is written"))
      tail_.store(t + 1, seq_cst);
    // order: R1 publishes it.
    slot(t).store(&item, relaxed);
    // order: R1: publishes the slot, and what the item holds; pairs with tail_.load in steal.
    // P1: in S before the pusher's look at the idle set; pairs with size_hint() of a worker that announced its sleep.
    tail_.store(t + 1, mutated<Atomics>("ready_queue: push publishes with release only") ? release : seq_cst);
    return true;
  }

  T* pop_at_head() noexcept {
    // order: owner-only: nobody else writes tail_.
    const auto t = tail_.load(relaxed);
    // order: the CAS below decides.
    auto h = head_.load(relaxed);
    while (h != t) {
      // order: owner-only: we wrote the slot.
      T* const item = slot(h).load(relaxed);
      if constexpr (mutated<Atomics>("ready_queue: the owner takes without the CAS")) {
        head_.store(h + 1, release);
        return item;
      }
      // order: R2: kept even here, so that head_ is one release sequence from thief to thief.
      if (head_.compare_exchange_weak(h, h + 1, acq_rel, relaxed)) return item;
    }
    return nullptr;
  }

  steal_result<T> steal_at_head() noexcept {
    // order: R2: acquires the taking before, so that tail_ is read no older than head_.
    auto h = head_.load(acquire);
    // order: R1: acquires the slot and the item.
    const auto t = tail_.load(seq_cst);
    if (h >= t) return {stole::empty, nullptr};
    if constexpr (mutated<Atomics>("ready_queue: the thief reads the slot after the CAS")) {
      if (!head_.compare_exchange_strong(h, h + 1, acq_rel, relaxed)) return {stole::lost, nullptr};
      return {stole::item, slot(h).load(relaxed)};
    }
    // order: R1. Before the CAS: after it the owner may fill the slot again.
    T* const item = slot(h).load(relaxed);
    // order: R2: takes the item, and releases the reading above to the push that will reuse the slot.
    if (!head_.compare_exchange_strong(h, h + 1, acq_rel, relaxed)) return {stole::lost, nullptr};
    return {stole::item, item};
  }

  alignas(cache_line) atomic<index> head_{0};  // the owner and thieves; only grows
  alignas(cache_line) atomic<index> tail_{0};  // written by the owner; only grows
  index head_seen_ = 0;                        // owner-only: head_ was at least this far
  std::array<atomic<T*>, capacity> slots_{};
};

}  // namespace hocket::rt
