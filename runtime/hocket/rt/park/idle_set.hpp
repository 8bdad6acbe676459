// Who sleeps, who searches: the idle set decides whether fresh work needs a wake, and whom to wake.
//
// One word packs two counts: workers that search and workers that are awake (searching ones included). The sleepers'
// numbers stand in a list under a mutex; the word and the list change together under it, except for the searching
// count, which searchers raise and lower by themselves. A sleeper may be lent: it does somebody else's work instead,
// and is called only when nobody else sleeps.
//
// Invariants: searching <= awake <= workers;  under the mutex: awake + sleepers == workers, and no sleeper stands
// twice. Promise: if a completed, announced push is not yet taken while a worker sleeps, then some worker is searching,
// or is on its way to look again. The argument is in README.md ("No wake is lost").
//
// What a pusher does:  1. publish with a seq_cst store or RMW (ready_queue, injection_queue, fork_deque::push_visible
// do),
//                      2. worker_to_wake(); if it gives a number, unpark that worker.
// What a worker does:  README.md, "The worker's way to sleep".
// Calls: worker_to_wake, worker_to_lend, sleeping: any thread.  The others: the worker they name.
// After: tokio's multi-thread scheduler (idle.rs), with two differences: the re-check is owed by whoever leaves no
// searcher behind, not only by a searcher, and its finder comes back as a searcher.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

template <class Atomics = std_atomics, class Mutex = futex_mutex>
class idle_set {
 public:
  /// All workers begin awake and not searching.
  explicit idle_set(unsigned workers) : workers_(workers), word_(one_awake * workers), place_(workers, place::awake) {
    sleepers_.reserve(workers);
  }
  idle_set(const idle_set&) = delete;
  idle_set& operator=(const idle_set&) = delete;

  /// After publishing work: the worker to unpark, or -1 when somebody searches already or nobody sleeps. The worker
  /// given is out of the list, and counts as awake from here on, and as searching unless it was lent.
  int worker_to_wake() noexcept {
    // order: P1: in S after the push; pairs with the RMW of park() before the re-check. One load while all are awake.
    if (!needs_wake(word_.load(seq_cst))) return -1;
    const std::lock_guard lock(mutex_);
    // order: P1, again: the searching count may have moved. A searcher that came meanwhile has seen the push, or will
    // re-check.
    if (!needs_wake(word_.load(seq_cst))) return -1;
    const unsigned worker = sleepers_.back();
    // order: P2: counts it as a searcher before it runs, so that the next pusher need not wake another. Not one that
    // was lent: it comes at the end of what it does, and meanwhile the next pusher calls the next one.
    word_.fetch_add(one_awake + (place_[worker] == place::lent ? 0 : one_searching), seq_cst);
    sleepers_.pop_back();
    place_[worker] = place::awake;
    return static_cast<int>(worker);
  }

  /// For who has use for sleepers: a worker to unpark that is not lent yet, or -1. It is out of the list, and counts as
  /// awake and searching.
  int worker_to_lend() noexcept {
    // order: L1: after the borrower's need was published; pairs with the RMW of park() before the look at the need.
    if (awake_in(word_.load(seq_cst)) == workers_) return -1;
    const std::lock_guard lock(mutex_);
    if (sleepers_.empty() || place_[sleepers_.back()] == place::lent) return -1;
    const unsigned worker = sleepers_.back();
    sleepers_.pop_back();
    place_[worker] = place::awake;
    // order: P2.
    word_.fetch_add(one_awake + one_searching, seq_cst);
    return static_cast<int>(worker);
  }

  /// The caller, which has announced its sleep, goes to the end of the list: it is about to do a borrower's work.
  /// False: a waker took it out before, and it counts as searching already.
  bool lend(unsigned self) noexcept {
    const std::lock_guard lock(mutex_);
    if (place_[self] != place::asleep) return false;
    place_[self] = place::lent;
    std::erase(sleepers_, self);
    sleepers_.insert(sleepers_.begin(), self);
    return true;
  }

  /// False when half of the workers search already; the worker then goes to park without a search.
  bool try_begin_search() noexcept {
    // order: only a limit: being off by one costs a search.
    if (2 * searching_in(word_.load(relaxed)) >= workers_) return false;
    // order: P2.
    word_.fetch_add(one_searching, seq_cst);
    return true;
  }

  /// A searcher found something. True: it was the last searcher, and now calls worker_to_wake(): pushers kept still
  /// because of it, and there may be more than it took.
  bool end_search() noexcept {
    // order: P2: pairs with the load of worker_to_wake() that saw this searcher.
    const auto before = word_.fetch_sub(one_searching, seq_cst);
    if (searching_in(before) == 0) fatal("park", "more searches ended than begun (word=%llx)", ull(before));
    if constexpr (mutated<Atomics>("idle_set: the last searcher wakes nobody")) return false;
    return searching_in(before) == 1;
  }

  /// Announces sleep. True: nobody searches now, so the caller must look at all queues once more, and if one is not
  /// empty take itself out with unpark_self(self, true) instead of sleeping.
  bool park(unsigned self, bool searching) noexcept {
    const std::lock_guard lock(mutex_);
    if (place_[self] != place::awake) fatal("park", "worker %u goes to sleep twice", self);
    place_[self] = place::asleep;
    sleepers_.push_back(self);
    // order: P1: in S before the re-check; pairs with the load of worker_to_wake().
    const auto before = word_.fetch_sub(one_awake + (searching ? one_searching : 0), seq_cst);
    const auto others = searching_in(before) - (searching ? 1u : 0u);
    if constexpr (mutated<Atomics>("idle_set: no re-check")) return false;
    if constexpr (mutated<Atomics>("idle_set: only a searcher re-checks")) return searching && others == 0;
    return others == 0;
  }

  /// Takes the caller out of the sleepers; call it after every return of parker::park, and after a re-check that found
  /// something (then with `as_searcher`). False: a waker took it out before, and it counts as searching already, unless
  /// it was lent.
  bool unpark_self(unsigned self, bool as_searcher = false) noexcept {
    const std::lock_guard lock(mutex_);
    if (place_[self] == place::awake) return false;
    place_[self] = place::awake;
    std::erase(sleepers_, self);
    // order: P2.
    word_.fetch_add(one_awake + (as_searcher ? one_searching : 0), seq_cst);
    return true;
  }

  /// How many sleep. In S with the caller's own seq_cst steps: who announced something first can tell that all sleep.
  unsigned sleeping() const noexcept { return workers_ - awake_in(word_.load(seq_cst)); }

  /// A hint.
  unsigned searching() const noexcept { return searching_in(word_.load(relaxed)); }  // order: a hint.

  /// After publishing work for which nobody was woken: whether a searcher sees to it, now or when it is the last.
  bool is_searched() const noexcept { return searching_in(word_.load(seq_cst)) > 0; }  // order: P1

  unsigned workers() const noexcept { return workers_; }

 private:
  enum class place : unsigned char { awake, asleep, lent };

  using word = std::uint64_t;  // searching in the low half, awake in the high half
  static constexpr word one_searching = 1;
  static constexpr word one_awake = word{1} << 32;

  static unsigned searching_in(word w) noexcept { return static_cast<std::uint32_t>(w); }
  static unsigned awake_in(word w) noexcept { return static_cast<std::uint32_t>(w >> 32); }
  static unsigned long long ull(word w) noexcept { return w; }

  bool needs_wake(word w) const noexcept { return searching_in(w) == 0 && awake_in(w) < workers_; }

  const unsigned workers_;
  alignas(cache_line) typename Atomics::template atomic<word> word_;
  alignas(cache_line) Mutex mutex_;
  std::vector<unsigned> sleepers_;  // guarded by mutex_: the lent ones, then the others; the youngest of these, whose
                                    // caches are warmest, is woken first
  std::vector<place> place_;        // guarded by mutex_: where worker i is; not awake: it stands in sleepers_
};

}  // namespace hocket::rt
