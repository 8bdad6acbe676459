// The followers: more threads for the reactor, while functions run that hog now and then.
//
// The standby serves what comes while the workers compute; but what comes may be a hog itself, and then nobody is left.
// So before a thread runs a suspect (hog_book.hpp) it makes sure that somebody else stands in the reactor, and gets a
// follower up if nobody does. A follower is like the standby, without its watch: it serves what the reactor gives it,
// and relieves those who hog; and where none of them comes back, one takes bulk work. When nothing came for it in a
// while it rests. Threads are started when first needed. Calls: any thread of the scheduler, unless it says otherwise.
// README.md, "The followers".
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/follower_roster.hpp>

namespace hocket::rt {

class scheduler;
class worker;

class followers {
 public:
  /// `first_seat`: theirs begin there.
  followers(scheduler& sched, unsigned first_seat, unsigned most) noexcept
      : sched_(sched), first_seat_(first_seat), most_(most) {}
  followers(const followers&) = delete;
  followers& operator=(const followers&) = delete;

  /// Nobody stands: gets one up, or starts one, unless one is on its way or all are up.
  void call() noexcept;

  /// All workers have been at the same runs for long, and bulk work waits: one follower takes an item of it, unless one
  /// has done so and is at it yet. The watch, at each look that finds it so.
  void relieve_bulk() noexcept;

  /// The calling thread stands now, or is about to run something.
  void arrive() noexcept { roster_.arrive(); }

  unsigned started() const noexcept { return started_.load(relaxed); }
  unsigned resting() const noexcept { return roster_.resting(); }

  /// After the scheduler's stop flag was set. Joins them.
  void stop() noexcept;

 private:
  static constexpr nanos patience = 20 * nanos_per_ms;  // one for whom nothing came in this time rests

  enum class bulk_relief : std::uint8_t { none, offered, taken };

  bool are_needed() const noexcept;
  bool is_superfluous(const worker& seat) const noexcept;
  void start_one() noexcept;
  void main(worker& seat) noexcept;
  bool take_offer() noexcept;
  void run_bulk(worker& seat) noexcept;
  void stand(worker& seat) noexcept;
  void rest() noexcept;

  scheduler& sched_;
  const unsigned first_seat_;
  follower_roster roster_;
  std::atomic<unsigned> started_{0};
  std::atomic<bool> is_starting_{false};  // one was started and has not arrived
  std::atomic<bulk_relief> bulk_relief_{bulk_relief::none};

  futex_mutex mutex_;
  unsigned most_;                     // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
};

}  // namespace hocket::rt
