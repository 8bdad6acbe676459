// The state word of a task: who may touch its frame, and which cancel requests it still owes an answer.
//
// Phases, and who owns the coroutine frame in each:
//
//   created    nobody has queued it yet; the creator
//   queued     the queue it stands in, then the worker that takes it out
//   running    the worker that runs it
//   held       the one thread that holds the suspended frame still: the worker that registers its wait, or a canceller
//   woken      as held, and a waker has already come; the holder will queue the task
//   suspended  the resource it waits for; whoever takes the wait node out of the resource must wake()
//   done       the handles that share its result
//
//   created -> queued -> running -> held -> suspended -> queued ...
//                          |         | `-> woken -> queued      (a waker came while the frame was held)
//                          |         `-> running                (the wait was over before it began)
//                          `-> done
//              suspended -> held -> suspended | queued          (a canceller looks at the wait)
//
// The race that this word decides: a waker ends a wait while a canceller looks at it. The canceller holds the frame
// (suspended -> held), so a waker that comes meanwhile cannot let the task run, it only leaves `woken` behind and the
// canceller queues the task when it lets go. So a canceller never looks into a frame that runs or is gone, no waker
// ever waits, and every suspension is ended exactly once. The model in tests/model/ tries all orders.
//
// Cancel requests. `must_cancel` is owed at the next resume (CPython's _must_cancel); `request` is owed by the holder
// to the awaited object. One that comes while the task runs becomes a `request` at its next suspension, as in
// Task.__step. After: CPython 3.13, Lib/asyncio/tasks.py, Task.cancel, Task.uncancel, Task.__step.
#pragma once

#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/mutant.hpp>

namespace hocket::rt {

enum class cancel_claim {
  refused,  // the task is done
  noted,    // somebody else will deliver it: the holder, or the next resume
  held,     // the caller now holds the frame and must settle() it
};

enum class settlement {
  deliver,  // a request waits: ask the awaited object to cancel, then settle() again
  requeue,  // a waker came: the task is queued, the caller must post it
  rest,     // the task is suspended; the caller has let go and may not touch it any more
};

template <class Atomics = std_atomics>
class basic_task_word {
 public:
  enum class phase : std::uint32_t { created, queued, running, held, woken, suspended, done };

  explicit constexpr basic_task_word(phase p = phase::created) noexcept : word_(bits(p)) {}

  phase current() const noexcept { return phase_of(word_.load(acquire)); }  // order: T2, for what the task left behind
  bool is_done() const noexcept { return current() == phase::done; }

  /// The creator: created -> queued.
  void enqueue() noexcept { move(phase::created, phase::queued); }

  /// The worker that took it from a queue: queued -> running. True when a cancel is due now.
  bool start_run() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      expect(w, phase::queued);
      // order: T1: acquires the frame as the last runner or holder left it.
      if (word_.compare_exchange_weak(w, with(w & ~must_cancel, phase::running), acq_rel, relaxed))
        return (w & must_cancel) != 0;
    }
  }

  /// The runner, with the frame at rest: running -> held.
  void hold() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      expect(w, phase::running);
      std::uint32_t next = with(w & ~must_cancel, phase::held);
      if (w & must_cancel) next |= request;
      // order: T1: publishes the frame to the holders to come.
      if (word_.compare_exchange_weak(w, next, acq_rel, relaxed)) return;
    }
  }

  /// The runner that holds: nothing to wait for, held -> running. A request becomes owed at the next real suspension.
  void run_on() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      expect(w, phase::held);
      std::uint32_t next = with(w & ~request, phase::running);
      if (w & request && !mutated<Atomics>("task_word: the request is lost when the task runs on")) next |= must_cancel;
      // order: T1: the frame stays where it was; acquires what a canceller wrote before its request.
      if (word_.compare_exchange_weak(w, next, acq_rel, relaxed)) return;
    }
  }

  /// The holder lets go, unless there is something left to do. Repeat until the answer is not `deliver`.
  settlement settle() noexcept {
    std::uint32_t w = word_.load(acquire);  // order: T1: what a waker or a canceller wrote
    for (;;) {
      if (w & request) {
        // order: T1: acquires what the canceller wrote before its request.
        if (word_.compare_exchange_weak(w, w & ~request, acq_rel, acquire)) return settlement::deliver;
      } else if (phase_of(w) == phase::woken) {
        // order: T1: hands the frame to the next runner, with what the waker and the holder wrote.
        if constexpr (mutated<Atomics>("task_word: the holder overlooks the waker")) return settlement::rest;
        if (word_.compare_exchange_weak(w, with(w, phase::queued), acq_rel, acquire)) return settlement::requeue;
      } else {
        expect(w, phase::held);
        // order: T1: publishes the frame to the waker.
        if (word_.compare_exchange_weak(w, with(w, phase::suspended), acq_rel, acquire)) return settlement::rest;
      }
    }
  }

  /// The holder: the awaited object could not be cancelled any more, so the next resume throws.
  void owe_cancel() noexcept { word_.fetch_or(must_cancel, relaxed); }

  /// Whoever took the wait node out of its resource, once. True: the task is queued now and the caller must post it.
  bool wake() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      const phase p = phase_of(w);
      if (p == phase::suspended) {
        // order: T1: takes the frame from the holder that let go, and hands it to the next runner.
        if (word_.compare_exchange_weak(w, with(w, phase::queued), acq_rel, relaxed)) return true;
      } else if (p == phase::held) {
        // order: T1: what the waker wrote travels with the word to the holder, who queues the task.
        if (word_.compare_exchange_weak(w, with(w, phase::woken), acq_rel, relaxed)) return false;
      } else {
        fatal("task", "woken twice (phase %u)", static_cast<unsigned>(p));
      }
    }
  }

  /// Anyone with a reference: one more cancel request.
  cancel_claim cancel() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      std::uint32_t next = w + one_cancel;
      cancel_claim claim = cancel_claim::noted;
      switch (phase_of(w)) {
        case phase::done:
          return cancel_claim::refused;
        case phase::suspended:
          next = with(next, phase::held) | request;
          claim = cancel_claim::held;
          break;
        case phase::held:
        case phase::woken:
          next |= request;
          break;
        default:
          next |= must_cancel;
      }
      // order: T1: a claimed frame is seen as the one who let go of it left it.
      if (word_.compare_exchange_weak(w, next, acq_rel, relaxed)) return claim;
    }
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

  /// The running task itself: takes the cancel that the next suspension would deliver. True when there was one.
  bool take_owed_cancel() noexcept {
    if (!(word_.load(relaxed) & must_cancel))
      return false;  // order: a first look; a request that comes later is seen later
    return (word_.fetch_and(~must_cancel, acq_rel) & must_cancel) != 0;
  }

  std::uint32_t cancelling() const noexcept { return word_.load(relaxed) / one_cancel; }

  /// The runner, when the coroutine ended: running -> done. True when a cancel is still owed, which then wins over the
  /// result.
  bool finish() noexcept {
    std::uint32_t w = word_.load(relaxed);
    for (;;) {
      expect(w, phase::running);
      // order: T2: publishes the end to current().
      if (word_.compare_exchange_weak(w, with(w & ~must_cancel, phase::done), acq_rel, relaxed))
        return (w & must_cancel) != 0;
    }
  }

 private:
  static constexpr std::uint32_t phase_mask = 7, must_cancel = 8, request = 16, one_cancel = 32;

  static constexpr std::uint32_t bits(phase p) noexcept { return static_cast<std::uint32_t>(p); }
  static constexpr phase phase_of(std::uint32_t w) noexcept { return static_cast<phase>(w & phase_mask); }
  static constexpr std::uint32_t with(std::uint32_t w, phase p) noexcept { return (w & ~phase_mask) | bits(p); }

  static void expect(std::uint32_t w, phase p) noexcept {
    if (phase_of(w) != p) fatal("task", "phase %u where %u was due", w & phase_mask, bits(p));
  }

  void move(phase from, phase to) noexcept {
    std::uint32_t w = word_.load(relaxed);
    do {
      expect(w, from);
    } while (!word_.compare_exchange_weak(w, with(w, to), acq_rel, relaxed));  // order: T1
  }

  typename Atomics::template atomic<std::uint32_t> word_;
};

using task_word = basic_task_word<>;

}  // namespace hocket::rt
