#include <hocket/rt/sched/counters.hpp>

namespace hocket::rt {

worker_figures& worker_figures::operator+=(const worker_figures& other) noexcept {
  runs += other.runs;
  steals += other.steals;
  parks += other.parks;
  polls += other.polls;
  io_events += other.io_events;
  timers_fired += other.timers_fired;
  loans += other.loans;
  return *this;
}

worker_figures scheduler_counters::total() const noexcept {
  worker_figures sum = standby;
  for (const auto& w : workers) sum += w;
  return sum;
}

worker_figures read(const worker_counters& c) noexcept {
  return {c.runs.read(),      c.steals.read(),       c.parks.read(), c.polls.read(),
          c.io_events.read(), c.timers_fired.read(), c.loans.read()};
}

}  // namespace hocket::rt
