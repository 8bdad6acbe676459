// The free blocks of one size that other threads can reach, of one pool.
//
// Two places: the stack of what came back from other threads, block by block, and the lists that the pool's owner has
// left out for who runs dry. Blocks leave either place only all at once: what is taken is the taker's alone.
// Calls: "Owner" the pool's owner; the rest: any thread. Orders: README.md, pairs F1 and F2. After: Treiber, IBM RJ
// 5118 (1986), without its ABA, and the depot of Bonwick and Adams, "Magazines and Vmem" (2001), whose lists have one
// length.
#pragma once

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

// Lives in the block itself while that is free.
template <class Atomics = std_atomics>
struct free_block {
  typename Atomics::template plain<free_block*> next;       // of its list
  typename Atomics::template plain<free_block*> next_list;  // of a list's first block, where lists are linked
};

template <class Atomics = std_atomics>
class free_blocks {
  template <class U>
  using atomic = typename Atomics::template atomic<U>;
  using block = free_block<Atomics>;

 public:
  void give_back(block& b) noexcept {
    // order: only a guess; the CAS decides.
    block* top = returned_.load(relaxed);
    if constexpr (mutated<Atomics>("free_blocks: given back without the CAS")) {
      b.next = top;
      returned_.store(&b, release);
      return;
    }
    do {
      b.next = top;
      // order: F1: publishes the block and its link to take_returned().
    } while (!returned_.compare_exchange_weak(top, &b, release, relaxed));
  }

  /// One list of all that came back.
  block* take_returned() noexcept {
    // order: a hint; the exchange decides.
    if (!returned_.load(relaxed)) return nullptr;
    if constexpr (mutated<Atomics>("free_blocks: returned ones taken without the exchange")) {
      block* const all = returned_.load(acquire);
      returned_.store(nullptr, relaxed);
      return all;
    }
    // order: F1: pairs with give_back().
    return returned_.exchange(nullptr, acquire);
  }

  /// Owner: leaves `list` out, and behind it `others`, which are linked: what it had taken back, and not used. Without
  /// them those that are still out stand behind it.
  void leave_out(block& list, block* others) noexcept {
    if constexpr (!mutated<Atomics>("free_blocks: forgets what is still out")) {
      if (!others) others = take_left_out();
    }
    list.next_list = others;
    // order: F2: publishes the lists to take_left_out().
    left_out_.store(&list, release);
  }

  /// All lists that were left out, linked.
  block* take_left_out() noexcept {
    // order: a hint; the exchange decides.
    if (!left_out_.load(relaxed)) return nullptr;
    if constexpr (mutated<Atomics>("free_blocks: lists taken without the exchange")) {
      block* const lists = left_out_.load(acquire);
      left_out_.store(nullptr, relaxed);
      return lists;
    }
    // order: F2: pairs with leave_out().
    return left_out_.exchange(nullptr, acquire);
  }

 private:
  atomic<block*> returned_{nullptr};
  atomic<block*> left_out_{nullptr};  // filled by the owner only, and only when it is empty
};

}  // namespace hocket::rt
