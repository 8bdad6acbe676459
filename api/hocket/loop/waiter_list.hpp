// Those who wait for one future, in one word: none, one, many, or closed when the future is done.
//
// Nearly every future is awaited by nobody or by one, so these two cost one RMW and no lock. A list of many hangs on
// its first node and is guarded by a mutex that futures share: it is the caller's, who says with each call which it is.
//
//   none <-> one             add(), remove(): by CAS, without the mutex
//   one -> many              add(), take_if(), with the mutex: by this CAS the mutex guards the node that was alone;
//                            before, it may be gone at any moment, and is not touched
//   many -> none             remove() or take_if() of the last, with the mutex
//   none, one -> closed      close(): by CAS, without the mutex
//   many -> closed           close(), with the mutex
//
// Who takes a node out, by remove(), take_if() or close(), owns what follows: exactly one does. Calls: any thread, all
// of it; add() and remove() of one node by its owner, one at a time. The model in tests/model/ tries all orders.
#pragma once

#include <cstdint>
#include <mutex>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket {

/// What stands in a waiter_list; it is out before it dies.
template <class Atomics = rt::std_atomics>
class basic_waiter_node {
 public:
  basic_waiter_node() = default;
  basic_waiter_node(const basic_waiter_node&) = delete;
  basic_waiter_node& operator=(const basic_waiter_node&) = delete;

  /// The one that came after this one, of those that close() or take_if() gave. Once.
  basic_waiter_node* take_next() noexcept {
    basic_waiter_node* const next = next_;
    next_ = nullptr;
    return next;
  }

 protected:
  ~basic_waiter_node() = default;

 private:
  template <class Mutex, class A>
  friend class basic_waiter_list;
  using link = typename Atomics::template plain<basic_waiter_node*>;

  // A ring, guarded by the mutex, while there are many. Those that were taken out together are linked by next_ alone.
  link next_{nullptr};
  link prev_{nullptr};  // null while this node stands alone, and when remove() or take_if() took it out of a ring
};

using waiter_node = basic_waiter_node<>;

template <class Mutex, class Atomics = rt::std_atomics>
class basic_waiter_list {
  using node = basic_waiter_node<Atomics>;

 public:
  /// Behind those that wait already. False when it is closed: then what its closer wrote before is visible.
  bool add(node& n, Mutex& mutex) noexcept {
    n.prev_ = nullptr;
    std::uintptr_t word = none;
    // order: N1: publishes the node to close(), and to who makes a ring of it. N2: acquires the outcome when closed.
    if (word_.compare_exchange_strong(word, one(n), rt::release, rt::acquire)) return true;
    if (word == closed) return false;
    const std::lock_guard guard(mutex);
    for (;;) {
      word = one_as_ring();
      if (word == closed) return false;
      if (is_many(word)) return link_last(n, *first(word)), true;
      // order: N1, N2: as above.
      if (word_.compare_exchange_strong(word, one(n), rt::release, rt::acquire)) return true;
    }
  }

  /// False when it does not stand here: close() or take_if() has taken it, or it never stood in a list.
  bool remove(node& n, Mutex& mutex) noexcept {
    std::uintptr_t word = one(n);
    if constexpr (rt::mutated<Atomics>("waiter_list: takes itself out without looking")) {
      if (word_.load(rt::relaxed) == word) return word_.store(none, rt::relaxed), true;
    }
    // order: N1: what its owner does with the node next comes after this.
    if (word_.compare_exchange_strong(word, none, rt::acq_rel, rt::relaxed)) return true;
    if (!is_many(word)) return false;
    const std::lock_guard guard(mutex);
    // order: the mutex: from many to anything else only with it.
    if (!is_many(word_.load(rt::relaxed))) return false;
    if (n.prev_ == nullptr) return rt::mutated<Atomics>("waiter_list: remove() owns what take_if() took");
    unlink(n);
    return true;
  }

  /// Takes out those for which `match` holds; gives them as close() does. No other comes or goes meanwhile.
  template <class Match>
  node* take_if(Match match, Mutex& mutex) noexcept {
    const std::lock_guard guard(mutex);
    const std::uintptr_t word = one_as_ring();
    if (!is_many(word)) return nullptr;
    node *first_taken = nullptr, *last_taken = nullptr;
    node* const last = first(word)->prev_;
    for (node *n = first(word), *next = nullptr;; n = next) {
      next = n->next_;
      if (match(*n)) {
        unlink(*n);
        if (!first_taken) first_taken = n;
        if (last_taken) last_taken->next_ = n;
        last_taken = n;
      }
      if (n == last) return first_taken;
    }
  }

  /// Takes all out; gives the first to have come, and through take_next() the others; null when there are none, and
  /// when it is closed already. Nobody is added any more.
  node* close(Mutex& mutex) noexcept {
    std::uintptr_t word = word_.load(rt::relaxed);  // order: the CAS below
    while (!is_many(word)) {
      if (word == closed) return nullptr;
      if constexpr (rt::mutated<Atomics>("waiter_list: closes without looking again")) {
        return word_.store(closed), chain(word);
      }
      // order: N1: acquires the one that waits. N2: publishes the outcome to those that come later.
      if (word_.compare_exchange_strong(word, closed, rt::acq_rel, rt::relaxed)) return chain(word);
    }
    const std::lock_guard guard(mutex);
    // order: N1, N2: as above.
    word = word_.exchange(closed, rt::acq_rel);
    if constexpr (rt::mutated<Atomics>("waiter_list: a second closer takes what the first has")) return chain(word);
    return word == closed ? nullptr : chain(word);
  }

 private:
  static constexpr std::uintptr_t none = 0, closed = 1, many = 2;
  static_assert(alignof(node) > (closed | many));

  static std::uintptr_t one(node& n) noexcept { return reinterpret_cast<std::uintptr_t>(&n); }
  static bool is_many(std::uintptr_t word) noexcept { return word & many; }
  static node* first(std::uintptr_t word) noexcept { return reinterpret_cast<node*>(word & ~many); }

  static void begin_ring(node& n) noexcept {
    n.next_ = &n;
    n.prev_ = &n;
  }

  static void link_last(node& n, node& first) noexcept {
    node* const last = first.prev_;
    n.next_ = &first;
    n.prev_ = last;
    last->next_ = &n;
    first.prev_ = &n;
  }

  // --- with the mutex ---

  // Makes a ring of a node that stands alone, so that it stays while it is looked at. Gives the word, which is not one.
  std::uintptr_t one_as_ring() noexcept {
    // order: N2: as in add().
    std::uintptr_t word = word_.load(rt::acquire);
    while (word != none && word != closed && !is_many(word)) {
      if constexpr (rt::mutated<Atomics>("waiter_list: links behind one that may be gone")) {
        word_.store(word | many);
        begin_ring(*first(word));
        return word | many;
      }
      // order: N1: acquires the node. N2: as in add().
      if (word_.compare_exchange_strong(word, word | many, rt::acquire, rt::acquire)) {
        begin_ring(*first(word));
        return word | many;
      }
    }
    return word;
  }

  // Takes `n` out of the ring.
  void unlink(node& n) noexcept {
    node* const before = n.prev_;
    node* const after = n.next_;
    before->next_ = after;
    after->prev_ = before;
    n.next_ = nullptr;
    n.prev_ = nullptr;
    // order: the mutex: while there are many the word is written only with it.
    if (after == &n) {
      word_.store(none, rt::relaxed);
    } else if (first(word_.load(rt::relaxed)) == &n) {
      constexpr bool mutant = rt::mutated<Atomics>("waiter_list: the last becomes the first");
      word_.store(one(mutant ? *before : *after) | many, rt::relaxed);
    }
  }

  // The ring that hangs on a word which is nobody else's any more, cut open behind the last.
  static node* chain(std::uintptr_t word) noexcept {
    node* const it = first(word);
    if (!is_many(word) || rt::mutated<Atomics>("waiter_list: close() leaves the ring whole")) return it;
    node* const last = it->prev_;
    last->next_ = nullptr;
    return it;
  }

  typename Atomics::template atomic<std::uintptr_t> word_{none};
};

}  // namespace hocket
