// What a scheduler says about itself: counters, and the dump that tests print when they hit their deadline.
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/sched/followers.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/stall_report.hpp>
#include <hocket/rt/sched/standby.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

const char* state_text(const worker& w) {
  if (w.runs_now()) return "runs";
  if (!w.is_asleep()) return "looks for work";
  return w.stay().is_in() ? "asleep in the reactor" : "asleep";
}

void print_deadline(std::FILE* to, nanos deadline, nanos now) {
  if (deadline == never) {
    std::fprintf(to, "no timer");
  } else {
    std::fprintf(to, "next timer in %.6f s", static_cast<double>(deadline - now) / nanos_per_second);
  }
}

void print_seat(std::FILE* to, const char* name, const char* state, const worker& w, nanos now) {
  std::fprintf(to, "  %s: %s", name, state);
  if (const void* running = w.runs_now()) std::fprintf(to, " %p", running);
  std::fprintf(to, "; ready %zu, forks %zu, next %s; timers %zu, ", w.ready_size(), w.fork_size(),
               w.has_next() ? "filled" : "empty", w.timers().size());
  print_deadline(to, w.timers().earliest(), now);
  const auto c = read(w.counters());
  std::fprintf(to,
               "\n    runs %" PRIu64 ", steals %" PRIu64 ", parks %" PRIu64 ", polls %" PRIu64 ", io events %" PRIu64
               ", timers fired %" PRIu64 ", loans %" PRIu64 "\n",
               c.runs, c.steals, c.parks, c.polls, c.io_events, c.timers_fired, c.loans);
}

}  // namespace

scheduler_counters scheduler::counters() const {
  scheduler_counters all;
  for (unsigned i = 0; i < plan_.workers; ++i) all.workers.push_back(read(seats_[i]->counters()));
  if (standby_) {
    for (unsigned i = first_extra_seat(), n = seat_count(); i < n; ++i) all.standby += read(seat(i).counters());
    all.standby_activations = standby_->activations();
    all.stalls_reported = stalls_ ? stalls_->printed() : 0;
    all.followers = followers_ ? followers_->started() : 0;
  }
  return all;
}

void scheduler::dump(std::FILE* to) const {
  const nanos current = now();
  std::fprintf(to,
               "hocket: scheduler %p: %u workers, %u asleep, %u searching; injection %zu, bulk %zu; descriptors %zu\n",
               static_cast<const void*>(this), plan_.workers, idle_.sleeping(), idle_.searching(),
               injection_.size_hint(), bulk_.size_hint(), io_->attached());
  if (workers_in_service() < plan_.workers) {
    std::fprintf(to, "  the CPU quota allows %u workers; %u stepped aside\n", workers_in_service(),
                 aside_.load(relaxed));
  }
  if (plan_.virtual_clock) {
    std::fprintf(to, "  virtual clock at %.6f s, %" PRIu64 " holds\n", static_cast<double>(current) / nanos_per_second,
                 virtual_clock_.held());
  }
  for (unsigned i = 0; i < plan_.workers; ++i) {
    char name[24];
    std::snprintf(name, sizeof name, "worker %u", i);
    print_seat(to, name, state_text(*seats_[i]), *seats_[i], current);
  }
  if (standby_) {
    print_seat(to, "standby", standby_->state_text(), seat(first_extra_seat()), current);
    std::fprintf(to, "    hogs %u, activations %" PRIu64 "%s\n", standby_->hogs(), standby_->activations(),
                 is_under_suspicion() ? ", suspects" : "");
    for (unsigned i = first_extra_seat() + 1, n = seat_count(); i < n; ++i) {
      char name[24];
      std::snprintf(name, sizeof name, "follower %u", i - first_extra_seat() - 1);
      print_seat(to, name,
                 seat(i).stay().is_in() ? "standing"
                 : seat(i).runs_now()   ? "runs"
                                        : "at rest or looks",
                 seat(i), current);
    }
  }
  const auto b = blocking_->figures();
  std::fprintf(to, "  blocking: %zu threads of %u, %zu idle, %zu jobs queued\n", b.threads, blocking_->limit(), b.idle,
               b.queued);
  std::vector<std::pair<dump_hook, void*>> hooks;
  {
    const std::lock_guard lock(hooks_mutex_);
    hooks = hooks_;
  }
  for (const auto& [hook, argument] : hooks) hook(to, argument);
}

void scheduler::add_dump_hook(dump_hook hook, void* argument) {
  const std::lock_guard lock(hooks_mutex_);
  hooks_.emplace_back(hook, argument);
}

void scheduler::remove_dump_hook(dump_hook hook, void* argument) noexcept {
  const std::lock_guard lock(hooks_mutex_);
  std::erase(hooks_, std::pair{hook, argument});
}

}  // namespace hocket::rt
