#include <hocket/rt/sched/standby.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include <hocket/rt/base/error.hpp>
#include <hocket/rt/sched/followers.hpp>
#include <hocket/rt/sched/hog_book.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/stall_report.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {

standby::standby(scheduler& sched, worker& seat) : sched_(sched), seat_(seat), seen_(sched.seats_.size()) {
  if (sched.plan().stall_report > 0) stalls_.resize(sched.seats_.size());
}

void standby::main() noexcept {
  seat_.begin_thread();
  while (!sched_.is_stopping()) {
    if (runnable* r = seat_.find_work(has_leave())) {
      seat_.run(*r);
    } else if (should_stand()) {
      stand();
    } else {
      rest();
    }
  }
  this_thread() = {};
}

/// Whether it may look beyond its own queue.
bool standby::has_leave() noexcept {
  const bool may = should_stand() || has_errand();
  if (may && !is_active_) activations_.add();
  is_active_ |= may;
  return may;
}

bool standby::has_errand() noexcept {
  if (duty_.take_ring()) errands_ = look_around;
  if (errands_ == 0) return false;
  --errands_;
  return true;
}

// ---- Standing: blocked in the reactor, for sockets and timers.

bool standby::should_stand() const noexcept {
  return is_armed() || suspects_until_.load(relaxed) != 0 || sched_.is_under_suspicion();
}

/// Not while every awake worker is in a known hog: then there is nothing to find out.
bool standby::has_to_watch() const noexcept {
  if (sched_.stalls_) return true;
  unsigned known = sched_.idle_.sleeping() + sched_.aside_.load(relaxed);  // order: a hint
  for (unsigned i = 0; i < sched_.workers(); ++i) known += sched_.seat(i).is_hogging();
  return known < sched_.workers() || sched_.is_under_suspicion();
}

void standby::stand() noexcept {
  const bool watches = has_to_watch();
  nanos limit = steady_now() + (watches ? tick : bulk_patience);
  if (!watches && sched_.quota_) limit = std::min(limit, sched_.quota_->next_look());
  runnable_list came = seat_.wait_in_reactor(limit);
  if (!came.empty()) sched_.hand_over_standing(seat_);
  seat_.deliver(std::move(came));
  look_if_due();
}

// ---- At rest.

void standby::rest() noexcept {
  errands_ = 0;
  is_active_ = false;
  // order: B2: a watch that begins after this sets the timer itself.
  duty_.bed().tick_in(watches_.load(seq_cst) ? pace_.to_next_look() : 0);
  duty_.rest([this] { return duty_.bed().has_ticked() || sched_.is_stopping(); });
  if (duty_.bed().take_tick()) look_if_due();  // two ticks may come at once, the bed's own and the timer's
}

// ---- The watch.

void standby::begin_watch() noexcept {
  // order: B2: after this worker left the sleepers; pairs with end_watch().
  if (watches_.load(seq_cst) || watches_.exchange(true, seq_cst)) return;
  duty_.bed().set_timer(pace_.to_next_look());
}

/// Workers that do so much in a tick are only seen to sleep between two batches: to end the watch and begin it anew
/// costs more than to go on.
bool standby::has_much_run() noexcept {
  constexpr std::uint64_t much = 32;
  std::uint64_t runs = 0;
  for (unsigned i = 0; i < sched_.workers(); ++i) runs += sched_.seat(i).counters().runs.read();
  return runs - std::exchange(runs_seen_, runs) >= much;
}

/// True: all workers sleep, and the next one that gets up begins the watch anew.
bool standby::end_watch() noexcept {
  if (!sched_.all_asleep() || sched_.is_under_suspicion()) return false;
  // order: B2: before the second look at the sleepers; pairs with begin_watch().
  watches_.store(false, seq_cst);
  if (sched_.all_asleep()) return true;
  watches_.store(true, seq_cst);
  return false;
}

/// Who runs the same thing as at the last look, and was not merely kept from its processor, is stuck. If a worker
/// sleeps, it takes over; else this thread does. At the second such look its other work is taken from it, and if it has
/// computed meanwhile, its function is known for it.
void standby::look_if_due() noexcept {
  // order: hints; the mutex decides.
  if (steady_now() >= next_look_.load(relaxed)) look_at_workers();
}

void standby::look_at_workers() noexcept {
  const std::unique_lock alone(look_mutex_, std::try_to_lock);
  if (!alone) return;
  const nanos now = steady_now();
  if (this_thread().self == &seat_) sched_.follow_quota(now);  // its own: that one reads files
  next_look_.store(now + pace_.to_next_look(), relaxed);       // order: hints, to here and below
  if (suspects_until_.load(relaxed) <= now) suspects_until_.store(0, relaxed);
  if (const nanos last = sched_.last_suspect_.load(relaxed); last != 0 && now - last > suspicion) {
    sched_.last_suspect_.store(0, relaxed);  // order: a hint
  }
  if (!has_much_run() && end_watch()) return look_at_bulk(false, now);
  unsigned stuck_workers = 0;
  bool is_certain = false;
  for (unsigned i = 0, n = sched_.seat_count(); i < n; ++i) {
    worker& w = sched_.seat(i);
    if (sched_.stalls_) look_for_stall(i, now);
    sighting& seen = seen_[i];
    const thread_probe& thread = w.meter().thread();
    const bool is_running = w.runs_now() != nullptr;
    const auto runs = w.counters().runs.read();
    if (!seen.look(runs, is_running, is_running ? thread.cpu_time() : 0, [&] { return thread.wants_processor(); })) {
      continue;
    }
    stuck_workers += i < sched_.workers();
    w.let_others_pass();
    w.budget().cut();
    if (seen.times_stuck() == 1) continue;
    is_certain |= i < sched_.workers();
    w.ask_relief();
    if (seen.computed() < hog_time) continue;
    const std::uint32_t function = w.meter().running();
    if (w.counters().runs.read() == runs) w.meter().note_stuck(function);  // else another one would be blamed
  }
  pace_.note(stuck_workers > 0);
  look_at_bulk(stuck_workers + sched_.aside_.load(relaxed) == sched_.workers(), now);  // order: a hint
  if (stuck_workers == 0) return;
  next_look_.store(now + tick, relaxed);  // order: a hint
  if (sched_.idle_.sleeping() > 0) {
    if (!sched_.is_reactor_attended() || sched_.has_light_work()) sched_.wake_one();
  } else {
    // One look alone may have met a processor that stood still: the next one is to say.
    const nanos until = now + (is_certain ? suspicion : 2 * tick);
    suspects_until_.store(std::max(until, suspects_until_.load(relaxed)), relaxed);  // order: a hint
  }
}

/// Whose function is taken for a hog's waits for a worker to come back. Where none does, it may be just the one that
/// would have let them go.
void standby::look_at_bulk(bool do_all_hog, nanos now) noexcept {
  if (!do_all_hog || sched_.bulk_.looks_empty()) {
    all_hog_since_ = 0;
  } else if (all_hog_since_ == 0) {
    all_hog_since_ = now;
  } else if (now - all_hog_since_ >= bulk_patience && sched_.followers_) {
    sched_.followers_->relieve_bulk();
  }
}

/// A strand's turn is one run and may hold many tasks: a stall is of one of them.
void standby::look_for_stall(unsigned index, nanos now) noexcept {
  const worker& w = sched_.seat(index);
  stall_sighting& seen = stalls_[index];
  const auto runs = w.counters().runs.read();
  const void* const task = w.runs_task();
  if (!w.runs_now() || runs != seen.runs || task != seen.task) {
    seen = {.runs = runs, .task = task, .since = now};
  } else if (!seen.is_told && now - seen.since >= sched_.stalls_->threshold()) {
    seen.is_told = sched_.stalls_->note(index, runs, task, seen.since);
  }
}

// ---- Calls from others.

void standby::call() noexcept {
  if (seat_.stay().call()) sched_.io().wake();
}

void standby::call_from_rest() noexcept {
  call();
  duty_.ring_if_at_rest();
}

bool standby::is_standing() const noexcept { return seat_.stay().is_in(); }

void standby::stop() noexcept {
  call();
  duty_.rouse();
}

const char* standby::state_text() const noexcept {
  if (duty_.is_at_rest()) return "at rest";
  return seat_.stay().is_in() ? "standing in the reactor" : "up";
}

// ---- The bed.

watch_bed::watch_bed()
    : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (!event_) throw_os_error("eventfd");
  if (!timer_) throw_os_error("timerfd_create");
}

bool watch_bed::wait(const std::atomic<std::uint32_t>&, std::uint32_t, nanos) noexcept {
  pollfd doors[2] = {{event_.get(), POLLIN, 0}, {timer_.get(), POLLIN, 0}};
  const timespec limit = {0, tick_in_};
  int open = 0;
  while ((open = ::ppoll(doors, 2, tick_in_ > 0 ? &limit : nullptr, nullptr)) < 0) {
    if (errno != EINTR) fatal("sched", "poll: errno %d", errno);
  }
  ticked_ = open == 0 || doors[1].revents != 0;
  if (open == 0) return true;
  std::uint64_t count = 0;
  for (const auto& door : doors) {
    if (door.revents && ::read(door.fd, &count, sizeof count) < 0 && errno != EAGAIN) {
      fatal("sched", "read of an eventfd or timerfd: errno %d", errno);
    }
  }
  return true;
}

void watch_bed::wake(const std::atomic<std::uint32_t>&) noexcept {
  const std::uint64_t one = 1;
  // At most one wake per rest: it is never full.
  if (::write(event_.get(), &one, sizeof one) < 0) fatal("sched", "eventfd write: errno %d", errno);
}

void watch_bed::set_timer(nanos delay) noexcept {
  itimerspec once{};
  once.it_value.tv_nsec = delay;
  if (::timerfd_settime(timer_.get(), 0, &once, nullptr) < 0) fatal("sched", "timerfd_settime: errno %d", errno);
}

}  // namespace hocket::rt
