// The state word of a task: who may touch its frame, and which cancel request it still owes an answer.
//
// Phases, and who owns the coroutine frame in each:
//
//   owned      one thread or one queue: its creator, the queue it stands in, the worker that runs it or registers its
//              wait, a canceller that looks at its wait, or somebody who looks at where it stands
//   woken      as owned, and the wait is over already: its owner will queue the task when it lets go
//   suspended  the resource it waits for; whoever takes the wait node out of the resource must wake()
//   done       the handles that share its result
//
//   owned -> suspended -> owned ...      (a waker ended the wait, and queues the task)
//     |  `-> woken -> owned              (a waker came while the frame was owned: its owner queues it)
//     `-> done
//   suspended -> owned -> suspended | woken   (a canceller, or somebody else, looks at the wait)
//
// The race that this word decides: a waker ends a wait while its task still registers it, or while a canceller looks at
// it. Both own the frame, so the waker cannot let the task run; it only leaves `woken` behind, and the owner queues the
// task when it lets go. So a canceller never looks into a frame that runs or is gone, no waker ever waits, and every
// suspension is ended exactly once. The model in tests/model/ tries all orders.
//
// A task that is queued, runs and suspends pays for one RMW to suspend and one to be woken, and for a load to start:
// the queue between waker and worker carries the frame.
//
// Cancel requests. `must_cancel` is owed an answer: by a resume, which throws; or by whoever lets go of a frame that is
// to suspend, who first asks the awaited object to cancel. So one that comes while the task runs reaches its next
// suspension, as in Task.__step. After: CPython 3.13, Lib/asyncio/tasks.py, Task.cancel, Task.uncancel, Task.__step.
//
// A request may persist (a CancelScope's): then every suspension asks its awaited object to cancel, once, until it is
// taken back. `persistent` is what the task's own scopes want, `inherited` what it was told by a task that it is a part
// of; within a shield `hides_inherited` hides that; `paused` hides both, for waits that must not be cut short.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

enum class cancel_claim {
  refused,  // the task is done
  noted,    // somebody else will answer it: the owner, or the next resume
  claimed,  // the caller now owns the frame and must settle() it
};

enum class settlement {
  deliver,  // a request waits: ask the awaited object to cancel, then settle() again
  requeue,  // a waker came: the frame is the caller's to queue
  rest,     // the task is suspended; the caller has let go and may not touch it any more
};

template <class Atomics = std_atomics>
class basic_task_word {
 public:
  enum class phase : std::uint32_t { owned, woken, suspended, done };

  phase current() const noexcept { return phase_of(word_.load(acquire)); }  // order: T2, for what the task left behind
  bool is_done() const noexcept { return current() == phase::done; }

  /// The owner of a frame that is to suspend lets go, unless there is something left to do. Repeat until the answer is
  /// not `deliver`; with `refused` when the awaited object could not be cancelled any more: the wake that is on its way
  /// delivers the request then.
  /// `asked`: the awaited object was asked for a request that persists.
  settlement settle(bool refused = false, bool asked = false) noexcept {
    std::uint32_t w = word_.load(acquire);  // order: T1: what a waker or a canceller wrote
    for (;;) {
      if (phase_of(w) == phase::woken) {
        if constexpr (mutated<Atomics>("task_word: the owner overlooks the waker")) return settlement::rest;
        // order: T1: acquires what the waker wrote, for the next runner.
        if (word_.compare_exchange_weak(w, with(w, phase::owned), acq_rel, acquire)) return settlement::requeue;
        continue;
      }
      if (phase_of(w) != phase::owned) fatal("task", "phase %u let go of", w & phase_mask);
      const bool owes = ((w & must_cancel) && !refused) || (persists(w) && !asked);
      if (owes && !mutated<Atomics>("task_word: suspends with a request unanswered")) {
        // order: T1: acquires what the canceller wrote before its request.
        if (word_.compare_exchange_weak(w, w & ~must_cancel, acq_rel, acquire)) return settlement::deliver;
        // order: T1: publishes the frame to the waker, and to the canceller that claims it.
      } else if (word_.compare_exchange_weak(w, with(w, phase::suspended), acq_rel, acquire)) {
        return settlement::rest;
      }
    }
  }

  /// The owner: the awaited object refused to be cancelled, so the next resume throws.
  void owe_cancel() noexcept { word_.fetch_or(must_cancel, relaxed); }  // order: the settle() that follows

  /// Whoever took the wait node out of its resource, once. True: the frame is the caller's to queue.
  bool wake() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      const phase p = phase_of(w);
      if (p == phase::suspended) {
        // order: T1: takes the frame from the owner that let go, and hands it to the queue.
        if (word_.compare_exchange_weak(w, with(w, phase::owned), acq_rel, relaxed)) return true;
      } else if (p == phase::owned) {
        // order: T1: what the waker wrote travels with the word to the owner, who queues the task.
        if (word_.compare_exchange_weak(w, with(w, phase::woken), acq_rel, relaxed)) return false;
      } else {
        fatal("task", "woken twice (phase %u)", static_cast<unsigned>(p));
      }
    }
  }

  /// Anyone with a reference: one more cancel request, that comes once, persists, or does so by way of another task.
  enum class kind : std::uint32_t { once = 0, persistent = 8, inherited = 16 };
  cancel_claim cancel(kind k = kind::once) noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      if (phase_of(w) == phase::done) return cancel_claim::refused;
      const bool waits = phase_of(w) == phase::suspended;
      const std::uint32_t next = ((waits ? with(w, phase::owned) : w) + one_cancel) | static_cast<std::uint32_t>(k);
      // order: T1: a claimed frame is seen as the one who let go of it left it.
      if (word_.compare_exchange_weak(w, next | must_cancel, acq_rel, relaxed)) {
        return waits ? cancel_claim::claimed : cancel_claim::noted;
      }
    }
  }

  /// Anyone with a reference: true when the task was suspended; the caller then owns the frame and must settle() it.
  bool claim() noexcept {
    std::uint32_t w = word_.load(relaxed);
    while (phase_of(w) == phase::suspended) {
      // order: T1: a claimed frame is seen as the one who let go of it left it.
      if (word_.compare_exchange_weak(w, with(w, phase::owned), acq_rel, relaxed)) return true;
    }
    return false;
  }

  /// Takes back one request; the last one also takes back what is still owed. Gives the number that is left.
  std::uint32_t uncancel() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      if (w < one_cancel) return 0;
      std::uint32_t next = w - one_cancel;
      if (next < one_cancel) next &= ~must_cancel;
      if (word_.compare_exchange_weak(w, next, acq_rel, relaxed)) return next / one_cancel;
    }
  }

  /// The runner: takes the cancel that is owed, at a resume or where the next suspension would deliver it. True when
  /// there was one.
  bool take_owed_cancel() noexcept {
    // order: a first look; a request that comes later is seen later.
    if (!(word_.load(relaxed) & must_cancel)) return false;
    return (word_.fetch_and(~must_cancel, acq_rel) & must_cancel) != 0;  // order: T1: what the canceller wrote
  }

  /// Whether the next suspension raises because a request persists.
  bool persists() const noexcept { return persists(word_.load(relaxed)); }           // order: a number
  bool inherits() const noexcept { return (word_.load(relaxed) & inherited) != 0; }  // order: a number

  // The runner, or who keeps it from ending; each bit has one writer at a time.
  void set_persistent(bool on) noexcept { set(persistent, on); }
  void hide_inherited(bool on) noexcept { set(hides_inherited, on); }
  /// Gives what it was.
  bool pause(bool on) noexcept { return set(paused, on); }

  std::uint32_t cancelling() const noexcept { return word_.load(relaxed) / one_cancel; }  // order: a number

  /// The runner, when the coroutine ended: owned -> done. True when a cancel is still owed, which then wins over the
  /// value.
  bool finish() noexcept {
    // order: T2: publishes the end to current(). A request that came before is in what it gives; a later one is
    // refused.
    const std::uint32_t w = word_.fetch_or(bits(phase::done), acq_rel);
    if (phase_of(w) != phase::owned) fatal("task", "phase %u ended", w & phase_mask);
    return (w & must_cancel) != 0;
  }

  /// The same where nobody is told whether a cancel was accepted: one that comes at this very moment may be
  /// overwritten. Costs no RMW.
  bool finish_unobserved() noexcept {
    const std::uint32_t w = word_.load(relaxed);  // order: as above
    word_.store(with(w, phase::done), release);   // order: T2
    return (w & must_cancel) != 0;
  }

 private:
  static constexpr std::uint32_t phase_mask = 3, must_cancel = 4, persistent = 8, inherited = 16, hides_inherited = 32,
                                 paused = 64, one_cancel = 128;

  static constexpr bool persists(std::uint32_t w) noexcept {
    if (!(w & (persistent | inherited))) return false;
    return !(w & paused) && ((w & persistent) || !(w & hides_inherited));
  }
  bool set(std::uint32_t bit, bool on) noexcept {
    // order: a number; a suspension that follows is of the same thread, or comes after a cancel().
    return ((on ? word_.fetch_or(bit, relaxed) : word_.fetch_and(~bit, relaxed)) & bit) != 0;
  }

  static constexpr std::uint32_t bits(phase p) noexcept { return static_cast<std::uint32_t>(p); }
  static constexpr phase phase_of(std::uint32_t w) noexcept { return static_cast<phase>(w & phase_mask); }
  static constexpr std::uint32_t with(std::uint32_t w, phase p) noexcept { return (w & ~phase_mask) | bits(p); }

  static_assert(bits(phase::owned) == 0 && bits(phase::done) == phase_mask);  // finish() sets bits only

  typename Atomics::template atomic<std::uint32_t> word_{bits(phase::owned)};
};

using task_word = basic_task_word<>;

}  // namespace hocket::rt
