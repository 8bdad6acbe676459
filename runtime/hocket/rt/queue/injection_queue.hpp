// The group's injection queue: any thread pushes, any worker pops, first in, first out.
//
// Pushers share one word, the top of a stack of newcomers; they never wait. One consumer at a time, under a try-lock,
// takes the whole stack, turns it round into `line_`, and serves from there.
// Invariant: all of line_ is older than all of newcomers_.
// Calls: everything: any thread.  pop() may give null while another thread is inside pop(); looks_empty() is then
// false. Orders: README.md, pairs J1, J2 and P1. After: Treiber, IBM RJ 5118 (1986), without its ABA: nodes leave the
// stack only all at once.
#pragma once

#include <cstddef>
#include <utility>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics>
class injection_queue {
  template <class U>
  using atomic = typename Atomics::template atomic<U>;

 public:
  injection_queue() = default;
  injection_queue(const injection_queue&) = delete;
  injection_queue& operator=(const injection_queue&) = delete;

  void push(runnable& item) noexcept { push_chain(item, item); }

  /// All of `items`, in their order, with one atomic step.
  void push_all(runnable_list&& items) noexcept {
    runnable* const oldest = items.pop_front();
    if (!oldest) return;
    runnable* youngest = oldest;
    while (runnable* item = items.pop_front()) {
      item->next = youngest;
      youngest = item;
    }
    push_chain(*youngest, *oldest);
  }

  /// The oldest item; null when there is none, or when another thread is just popping.
  runnable* pop() noexcept {
    if (looks_empty()) return nullptr;
    // order: J2: acquires line_ from the consumer before.
    if (taken_.exchange(true, acquire) && !mutated<Atomics>("injection_queue: two consumers at once")) return nullptr;
    if (line_.empty()) refill();
    runnable* const item = line_.pop_front();
    // order: P1 needs nothing here: who still reads the larger number looks once more than it had to.
    waiting_.store(line_.size(), relaxed);
    // order: J2: hands line_ to the next consumer.
    taken_.store(false, release);
    return item;
  }

  /// Never true when a push that completed before the call has not been popped.
  bool looks_empty() const noexcept {
    // order: P1: newcomers_ first: refill() raises waiting_ before it takes the newcomers, so that items on their way
    // from one to the other are seen in one of them.
    if constexpr (mutated<Atomics>("injection_queue: looks at the line before the newcomers")) {
      const bool line_empty = waiting_.load(seq_cst) == 0;
      return line_empty && newcomers_.load(seq_cst) == nullptr;
    }
    return newcomers_.load(seq_cst) == nullptr && waiting_.load(seq_cst) == 0;
  }

  /// At least one when not empty; newcomers count as one.
  std::size_t size_hint() const noexcept {
    // order: as looks_empty().
    const bool newcomers = newcomers_.load(seq_cst) != nullptr;
    return waiting_.load(seq_cst) + (newcomers ? 1 : 0);
  }

 private:
  // A chain from the youngest to the oldest item.
  void push_chain(runnable& youngest, runnable& oldest) noexcept {
    // order: only a guess; the CAS decides.
    runnable* top = newcomers_.load(relaxed);
    if constexpr (mutated<Atomics>("injection_queue: push without the CAS")) {
      oldest.next = top;
      newcomers_.store(&youngest, seq_cst);
      return;
    }
    do {
      oldest.next = top;
      // order: J1: publishes the chain; pairs with the exchange in refill().
      // P1: in S before the pusher's look at the idle set; pairs with looks_empty() of a worker that announced its
      // sleep.
    } while (!newcomers_.compare_exchange_weak(top, &youngest, seq_cst, relaxed));
  }

  // Under the try-lock, line_ empty.
  void refill() noexcept {
    // order: P1: before the newcomers leave their stack.
    if constexpr (!mutated<Atomics>("injection_queue: the newcomers leave before the line counts")) {
      waiting_.store(1, seq_cst);
    }
    // order: J1: acquires the pushed chains.
    runnable* item = newcomers_.exchange(nullptr, seq_cst);
    while (item) {
      runnable* const older = item->next;
      line_.push_front(*item);
      item = older;
    }
  }

  alignas(cache_line) atomic<runnable*> newcomers_{nullptr};  // youngest first
  alignas(cache_line) atomic<bool> taken_{false};             // the try-lock of consumers
  runnable_list line_;                                        // guarded by taken_: oldest first
  atomic<std::size_t> waiting_{0};  // written under taken_: size of line_; at least 1 while it is being refilled
};

}  // namespace hocket::rt
