// What a scheduler has done so far, counted by those who did it. For people, tests and benches: no decision rests on
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include <hocket/rt/base/atomics.hpp>

namespace hocket::rt {

/// A number that one thread counts up and any thread reads.
class own_counter {
 public:
  /// The owner only.
  void add(std::uint64_t n = 1) noexcept {
    // order: relaxed, and no read-modify-write: nobody else writes; readers want a recent figure, not an order.
    value_.store(value_.load(relaxed) + n, relaxed);
  }

  std::uint64_t read() const noexcept { return value_.load(relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// As each worker counts.
struct worker_counters {
  own_counter runs;       // runnables run
  own_counter steals;     // of these, taken from another worker
  own_counter parks;      // times it went to sleep
  own_counter polls;      // looks at the reactor, waiting or not
  own_counter io_events;  // operations that these made ready
  own_counter timers_fired;
  own_counter loans;  // times it did a borrower's work instead of sleeping
};

/// A copy for readers.
struct worker_figures {
  std::uint64_t runs = 0;
  std::uint64_t steals = 0;
  std::uint64_t parks = 0;
  std::uint64_t polls = 0;
  std::uint64_t io_events = 0;
  std::uint64_t timers_fired = 0;
  std::uint64_t loans = 0;

  worker_figures& operator+=(const worker_figures& other) noexcept;
};

struct scheduler_counters {
  std::vector<worker_figures> workers;    // by index
  worker_figures standby;                 // with its followers; zeros when there is none
  std::uint64_t standby_activations = 0;  // times it was called up from its rest
  unsigned followers = 0;                 // threads started
  std::uint64_t stalls_reported = 0;

  worker_figures total() const noexcept;  // workers and standby
};

worker_figures read(const worker_counters& c) noexcept;

}  // namespace hocket::rt
