// What a seat learns from the runs of its tasks: it times those whose function is not known to be short, tells the book
// (hog_book.hpp) how they went, and has the standby stand by while one runs that may hog.
//
// Calls: the seat's thread, around each run of a task whose function has a number; the watch where it says so.
// Protocol and thresholds: README.md, "Who hogs is learnt".
#pragma once

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/thread_probe.hpp>
#include <hocket/rt/sched/hog_book.hpp>

namespace hocket::rt {

class scheduler;

class run_meter {
 public:
  /// `stands_in`: the seat is the standby's or a follower's.
  run_meter(scheduler& sched, bool stands_in) noexcept : sched_(sched), stands_in_(stands_in) {}

  /// On the thread, before all else.
  void begin_thread() noexcept { thread_.begin_thread(); }

  /// Something runs of which nothing is known; a task says more by begin().
  void forget() noexcept { function_.store(hog_book::nobody, relaxed); }  // order: a hint

  /// A task is about to run, which has that habit; `task`: the one whose habit may change by it, or null. False: it is
  /// not to run now, but as bulk work, which the caller sees to. `may_defer`: it has not come from there.
  bool begin(const void* task, std::uint16_t function, run_habit habit, bool may_defer) noexcept {
    function_.store(function, relaxed);  // order: for the watch
    const standing s = hog_book::record(function).now();
    return (s == standing::clean && habit.is_good()) || begin_measured(task, function, s, habit, may_defer);
  }
  /// `task` is the one whose habit this run may change.
  bool may_change_habit_of(const void* task) const noexcept { return task_ == task; }
  /// To what, as far as it has come.
  run_habit habit_now() const noexcept { return habit_.after(measure()); }
  void end() noexcept {
    if (measures_) end_measured();
  }

  /// The standby stands by because of what runs. Any thread; a hint.
  bool arms() const noexcept { return arms_.load(relaxed); }

  /// The record of the function that runs; null when that is not known. Any thread; a hint.
  const hog_record* runs_function() const noexcept {
    const auto id = static_cast<std::uint16_t>(function_.load(relaxed));
    return id == hog_book::nobody ? nullptr : &hog_book::record(id);
  }

  /// The last run was not measured, and looked long.
  void alarm_about_last_run() noexcept;

  // ---- The watch.

  const thread_probe& thread() const noexcept { return thread_; }

  /// What note_stuck() is to be told; ask before the look that says that the run still goes on.
  std::uint32_t running() const noexcept { return function_.load(acquire); }
  /// `running` hogs, and will be known for it before it ends. Nobody is blamed for it if another function runs by now.
  void note_stuck(std::uint32_t running) noexcept;

 private:
  static constexpr std::uint32_t noted = 1u << 16;

  bool begin_measured(const void* task, std::uint16_t function, standing s, run_habit habit, bool may_defer) noexcept;
  void end_measured() noexcept;
  run_length measure() const noexcept;

  scheduler& sched_;
  const bool stands_in_;

  // The seat's thread only: the task that runs.
  bool measures_ = false;
  const void* task_ = nullptr;     // and its habit may change by it
  run_habit habit_;                // which was this before
  std::atomic<bool> arms_{false};  // and the standby stands by; the thread alone writes it
  bool is_convict_ = false;        // and it, or its function, is known to hog
  bool is_trial_ = false;          // and little is known of its function
  nanos measured_from_ = 0;        // on the clock
  nanos cpu_from_ = 0;             // of the thread

  std::atomic<std::uint32_t> function_{hog_book::nobody};  // of the task that runs, and whether the watch noted its hog
  thread_probe thread_;
};

}  // namespace hocket::rt
