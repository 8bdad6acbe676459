// The standby: one thread more than there are workers, for the time when they compute and do not come back.
//
// At rest while all is well. Armed by a thread that is about to compute for long (hog_scope), it blocks directly in the
// reactor, where a socket or a deadline wakes it without any worker's help, and runs short work in the stuck workers'
// stead: what the reactor gave it, their ready queues, their next slots, the injection queue. Never forks, never bulk
// work. For the hogs that nobody declared it keeps a watch: a tick, only while workers are awake, that finds who does
// not come back. Protocols and what was rejected: README.md, "The standby".
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/park/on_call.hpp>
#include <hocket/rt/sched/counters.hpp>
#include <hocket/rt/sched/sighting.hpp>
#include <hocket/rt/sched/watch_pace.hpp>

namespace hocket::rt {

class scheduler;
class worker;

/// What the standby rests on: an eventfd for those who need it, and a timer for those who begin a watch.
class watch_bed {
 public:
  /// Throws std::system_error.
  watch_bed();

  // The policy of on_call. Any wait may end early: the caller looks at the word.
  bool wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, nanos deadline) noexcept;
  void wake(const std::atomic<std::uint32_t>& word) noexcept;

  /// One tick, `delay` from now, which is less than a second. Any thread; the last call counts.
  void set_timer(nanos delay) noexcept;

  // The sleeper only.

  /// Each wait until the next call ends with a tick after `delay` at the latest; 0: none does. Saves two system calls
  /// for each tick of a watch.
  void tick_in(nanos delay) noexcept { tick_in_ = delay; }

  /// Whether a tick ended a wait since the last call.
  bool has_ticked() const noexcept { return ticked_; }
  bool take_tick() noexcept { return std::exchange(ticked_, false); }

 private:
  const unique_fd event_;
  const unique_fd timer_;
  nanos tick_in_ = 0;
  bool ticked_ = false;
};

class standby {
 public:
  /// `seat`: its queues and timers; it belongs to the scheduler. Throws std::system_error.
  standby(scheduler& sched, worker& seat);
  standby(const standby&) = delete;
  standby& operator=(const standby&) = delete;

  /// Its thread runs this until the scheduler stops.
  void main() noexcept;

  // ---- Any thread.

  /// One more hog. An atomic add; a system call only when the standby is at rest.
  void arm() noexcept { duty_.need(); }
  /// One hog less. The standby is not disturbed: it goes to rest when it comes back from what it waits for.
  void disarm() noexcept { duty_.release(); }
  bool is_armed() const noexcept { return duty_.is_needed(); }
  std::uint32_t hogs() const noexcept { return duty_.needs(); }

  /// Work was published that no worker may come to soon. Does nothing while it is up, or at rest.
  void call() noexcept;
  /// The same, and gets it up from its rest for one look around.
  void call_from_rest() noexcept;

  /// A worker got up: from now on somebody must watch. A load; a system call at most once per tick.
  void begin_watch() noexcept;

  /// The watch's look at all who are up, when one is due. A follower calls it while the standby is busy itself.
  void look_if_due() noexcept;
  bool is_busy() const noexcept { return !duty_.is_at_rest() && !is_standing(); }
  static constexpr nanos tick = watch_pace::tick;

  /// After the scheduler's stop flag was set.
  void stop() noexcept;

  std::uint64_t activations() const noexcept { return activations_.read(); }
  const char* state_text() const noexcept;

 private:
  static constexpr nanos suspicion = 50 * nanos_per_ms;  // who was seen to hog twice will hog again
  static constexpr nanos bulk_patience = 100 * nanos_per_ms;
  static constexpr unsigned look_around = 61;  // how much it runs on one call from rest

  bool has_leave() noexcept;
  bool has_errand() noexcept;
  bool should_stand() const noexcept;
  bool is_standing() const noexcept;
  void look_at_workers() noexcept;
  void look_for_stall(unsigned index, nanos now) noexcept;
  void look_at_bulk(bool do_all_hog, nanos now) noexcept;
  bool has_to_watch() const noexcept;
  void stand() noexcept;
  void rest() noexcept;

  bool has_much_run() noexcept;
  bool end_watch() noexcept;

  scheduler& sched_;
  worker& seat_;
  basic_on_call<std_atomics, watch_bed> duty_;
  std::atomic<bool> watches_{true};
  own_counter activations_;

  std::atomic<nanos> next_look_{0};
  watch_pace pace_;
  std::atomic<nanos> suspects_until_{0};  // some worker was seen stuck; 0: that is long ago

  // The watch: its thread, or a follower's while it is busy itself. Guarded by look_mutex_.
  futex_mutex look_mutex_;
  std::vector<sighting> seen_;   // by seat
  std::uint64_t runs_seen_ = 0;  // of all workers together
  nanos all_hog_since_ = 0;      // every worker at the same run, and bulk work waits; 0: it is not so
  struct stall_sighting {
    std::uint64_t runs = 0;
    const void* task = nullptr;
    nanos since = 0;  // when it was first seen in this run of this task
    bool is_told = false;
  };
  std::vector<stall_sighting> stalls_;  // by seat; empty when stalls are not reported

  // Its thread only.
  unsigned errands_ = 0;    // what it may still run for a call from rest
  bool is_active_ = false;  // it has had leave to look around since it last rested
};

}  // namespace hocket::rt
