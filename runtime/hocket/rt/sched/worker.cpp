#include <hocket/rt/sched/worker.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <hocket/rt/sched/borrower.hpp>
#include <hocket/rt/sched/followers.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/stall_probe.hpp>
#include <hocket/rt/sched/standby.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::rt {
namespace {

constexpr unsigned dispatches_per_round = 61;  // then each source has its turn, so that nothing starves
constexpr unsigned sources = 3;
constexpr unsigned most_next_in_row = 3;
constexpr int busy_events = 32;  // a busy worker takes so many at a look; a sleeping one takes them all
constexpr unsigned most_looks_put_off = 10;
constexpr nanos stuck_after = 3 * nanos_per_us;
constexpr int wary_events = 1;  // while what an event starts may hog, the others are better off with somebody else
constexpr int few_events = 8;   // it may still turn out to, and who stands by for hogs is alone
constexpr std::uint32_t seeded_window = 8;  // a seed picks among so many at the head of the ready queue

}  // namespace

worker::worker(scheduler& sched, unsigned index, seat_kind kind, std::uint64_t seed)
    : sched_(sched),
      index_(index),
      kind_(kind),
      poll_clock_(sched.is_seeded() ? 0 : sched.plan().poll_interval),
      random_(seed),
      meter_(sched, kind == seat_kind::standby),
      budget_(sched.plan().budget, sched.plan().budget_slice),
      urgency_(sched.plan().slice, sched.plan().nice_boost) {}

// ---- The loop.

void worker::begin_thread() noexcept {
  this_thread() = {.sched = &sched_, .self = this};
  meter_.begin_thread();
  urgency_.begin_thread();
  if (sched_.plan().stall_report > 0) {
    stall_probe::begin_thread();
    thread_id_.store(::gettid(), relaxed);  // order: a number
  }
}

void worker::main() noexcept {
  begin_thread();
  while (!sched_.is_stopping()) {
    if (sched_.is_out_of_service(index_)) {
      step_aside();
    } else if (runnable* r = find_work()) {
      if (searching_) stop_searching();
      run(*r);
    } else {
      park();
    }
  }
  this_thread() = {};
}

runnable* worker::find_work(bool has_leave) noexcept {
  runnable* const r = search(has_leave);
  if (!r) keep_house(true);
  return r;
}

runnable* worker::search(bool has_leave) noexcept {
  if (runnable* r = take_turn()) return r;
  // Before the next slot: two tasks that wake each other in turn must not keep sockets and timers waiting.
  const bool due = poll_clock_.is_due();
  if (poll_clock_.since_reading() >= hog_time) meter_.alarm_about_last_run();
  // What it finds is in the ready queue then. Not without leave: the events are the workers', if they come to them.
  if ((std::exchange(poll_owed_, false) || due) && has_leave) look_when_due();

  // The one just woken by the one that ran: its data is warm. Not for ever, while others wait.
  if (next_in_row_ < most_next_in_row || !has_ready()) {
    if (runnable* r = next_.owner().take()) {
      ++next_in_row_;
      return r;
    }
  }
  next_in_row_ = 0;

  if (runnable* r = take_ready()) return r;
  if (runnable* r = next_.owner().take()) return r;
  if (runnable* r = pop_fork()) return r;
  if (!has_leave) return nullptr;

  if (runnable* r = sched_.injection_.pop()) return r;
  if (!is_standby()) {
    if (runnable* r = sched_.bulk_.pop()) {
      sched_.pace();
      return r;
    }
  }
  return is_standby() ? relieve() : steal();
}

void worker::run(runnable& r) noexcept {
  counters_.runs.add();
  asks_relief_.store(false, relaxed);  // order: a hint
  meter_.forget();
  runs_now_.store(&r, relaxed);  // order: for dump() only
  r.run();
  runs_now_.store(nullptr, relaxed);
}

bool worker::take_back_fork(runnable& r) noexcept {
  if (has_ready() || has_next() || turn_ > 0 || dispatches_ + 1 >= dispatches_per_round) return false;
  poll_owed_ = poll_owed_ || poll_clock_.is_due();
  if (poll_owed_ || !fork_.owner().pop_if(r)) return false;
  ++dispatches_;
  counters_.runs.add();
  return true;
}

/// What the floors above have to do on this thread while there is time.
void worker::keep_house(bool before_sleep) noexcept {
  if (auto* const housekeeping = this_thread().housekeeping) housekeeping(before_sleep);
}

/// Every 61 dispatches each source that stands behind another in search() is served once.
runnable* worker::take_turn() noexcept {
  if (turn_ == 0) {
    if (++dispatches_ < dispatches_per_round) return nullptr;
    dispatches_ = 0;
    keep_house(false);
    if (is_standby()) return nullptr;
    turn_ = sources;
  }
  while (turn_ > 0) {
    runnable* r = nullptr;
    switch (turn_--) {
      case 3:
        r = pop_fork();
        break;
      case 2:
        r = sched_.injection_.pop();
        break;
      case 1:
        r = sched_.bulk_.pop();
        if (r) sched_.pace();
        break;
    }
    if (r) return r;
  }
  return nullptr;
}

runnable* worker::take_ready() noexcept {
  if (sched_.is_seeded()) {
    const auto choices = static_cast<std::uint32_t>(std::min<std::size_t>(ready_.size_hint(), seeded_window));
    // No number is drawn without a choice: the schedule must not depend on how often the worker looked in vain.
    for (auto skip = choices > 1 ? random_.below(choices) : 0; skip > 0; --skip) {
      if (runnable* r = ready_.owner().pop()) push_ready(*r);
    }
  }
  ahead_ -= ahead_ > 0;
  return ready_.owner().pop();
}

/// Who came at the last look is not all served yet, and who comes now would stand behind: then timers alone, for a
/// while, unless it was a long run that made it due.
void worker::look_when_due() noexcept {
  const bool was_short = poll_clock_.since_reading() < sched_.plan().poll_interval;
  if (ahead_ > 0 && has_ready() && was_short && ++looks_put_off_ < most_looks_put_off) return deliver({});
  looks_put_off_ = 0;
  look_at_reactor();
}

/// A look without waiting. Not while others see to it: they have what comes before this one could.
void worker::look_at_reactor() noexcept {
  runnable_list came;
  if (const auto stays = sched_.stays_so_far();
      std::exchange(stays_seen_, stays) == stays && !sched_.is_reactor_attended()) {
    counters_.polls.add();
    sched_.io().poll(0, came, events_at_once(busy_events));
  }
  deliver(std::move(came));
}

void worker::deliver(runnable_list&& came) noexcept {
  delivering_ = true;
  const bool has_events = !came.empty();
  counters_.io_events.add(came.size());
  while (runnable* r = came.pop_front()) r->run();
  counters_.timers_fired.add(sched_.fire_due_timers());
  delivering_ = false;
  if (has_events) ahead_ = ready_.size_hint();
  // This worker takes the first one itself.
  if (ready_.size_hint() > 1) sched_.wake_one();
}

// ---- Stealing.

runnable* worker::steal() noexcept {
  if (!searching_) {
    // At most half of the workers search; the others are woken by the one that finds something.
    searching_ = sched_.idle_.try_begin_search();
    if (!searching_) return nullptr;
  }
  const nanos spin = sched_.plan().spin;
  const nanos until = spin > 0 ? steady_now() + spin : 0;
  for (;;) {
    bool contended = false;
    if (runnable* r = steal_round(contended)) return r;
    if (!contended && (spin == 0 || steady_now() >= until)) break;
    spin_pause();
    if (sched_.is_stopping()) return nullptr;
    if (runnable* r = sched_.injection_.pop()) return r;
  }
  return steal_next_of_stuck();
}

/// One look at each of the others, from a random one on.
runnable* worker::steal_round(bool& contended) noexcept {
  const std::uint32_t count = sched_.seat_count();
  if (count == 1) return nullptr;  // no number is drawn: as in take_ready()
  std::uint32_t i = random_.below(count);
  for (std::uint32_t n = 0; n < count; ++n, i = i + 1 == count ? 0 : i + 1) {
    worker& victim = sched_.seat(i);
    if (&victim == this) continue;
    runnable* r = victim.steal_ready(contended);
    if (!r) r = victim.steal_fork(contended);
    if (r) {
      counters_.steals.add();
      return r;
    }
  }
  return nullptr;
}

/// A next slot is its owner's: it will be there in a moment. Only from an owner that does not come back it is taken.
runnable* worker::steal_next_of_stuck() noexcept {
  for (std::uint32_t i = 0, n = sched_.seat_count(); i < n; ++i) {
    worker& victim = sched_.seat(i);
    if (&victim == this || !victim.has_next()) continue;
    const auto runs = victim.counters().runs.read();
    const nanos until = steady_now() + stuck_after;
    while (steady_now() < until) spin_pause();
    if (victim.counters().runs.read() != runs) continue;
    if (runnable* r = victim.steal_next()) {
      counters_.steals.add();
      return r;
    }
  }
  return nullptr;
}

/// The standby takes light work from those who do not come back for it, and from nobody else: it is not an extra
/// worker.
runnable* worker::relieve() noexcept {
  for (std::uint32_t i = 0, n = sched_.seat_count(); i < n; ++i) {
    worker& victim = sched_.seat(i);
    if (&victim == this || !victim.needs_relief()) continue;
    bool contended = false;
    runnable* r = nullptr;
    do {
      contended = false;
      r = victim.steal_ready(contended);
    } while (contended);
    if (!r) r = victim.steal_next();
    if (r) {
      counters_.steals.add();
      return r;
    }
  }
  return nullptr;
}

void worker::stop_searching() noexcept {
  searching_ = false;
  // Whoever published while the last searcher searched called nobody: that one sees here what they published, because
  // they looked at the word before it changed.
  if (sched_.idle_.end_search()) sched_.pass_search_on();
}

runnable* worker::steal_ready(bool& contended) noexcept {
  const auto result = ready_.thief().steal();
  contended |= result.outcome == stole::lost;
  return result.item;
}

runnable* worker::steal_fork(bool& contended) noexcept {
  const auto result = fork_.thief().steal();
  contended |= result.outcome == stole::lost;
  return result.item;
}

// ---- Under a quota. The steps are those of README.md.

void worker::step_aside() noexcept {
  // A1: what only this worker would take.
  if (runnable* r = next_.owner().take()) push_ready(*r);
  // A2: whoever kept still because it searched must not wait for it.
  if (std::exchange(searching_, false)) sched_.idle_.end_search();
  sched_.aside_.fetch_add(1, seq_cst);  // order: B2: as unpark_self()
  // A3: what it leaves in its queues is there for all; and if nobody is in the reactor, who sleeps must look there.
  if (sched_.has_work() || !sched_.has_reactor_holder()) sched_.wake_one_or_standby();
  asleep_.store(true, relaxed);  // order: for dump(), and this thread's own checkpoint()
  while (sched_.is_out_of_service(index_) && !sched_.is_stopping()) parker_.park(never);
  asleep_.store(false, relaxed);
  // A4: awake, as it has been for the idle set all the time.
  sched_.aside_.fetch_sub(1, seq_cst);  // order: B2: before the look at the watch
  poll_clock_.looked();
  dispatches_ = turn_ = next_in_row_ = 0;
  if (sched_.standby_) sched_.standby_->begin_watch();
}

// ---- Sleeping. The steps are those of README.md, "Going to sleep".

void worker::park() noexcept {
  counters_.parks.add();
  asleep_.store(true, relaxed);  // order: for dump(), and this thread's own checkpoint()
  runnable_list came;
  if (lie_down()) {
    if (lend()) {
      // It did a borrower's work, and was recalled.
    } else if (sched_.take_reactor(index_)) {
      // W3: one of the sleepers waits for sockets and timers on behalf of all. It gives the reactor back when it is up:
      // the next holder may take what it sees for all there is.
      came = wait_in_reactor();
      get_up();
      sched_.give_reactor_back();
    } else {
      // W4: the others wait for a call.
      if (sched_.has_virtual_clock()) sched_.offer_jump();
      parker_.park(never);
      get_up();
    }
  }
  asleep_.store(false, relaxed);
  // Every waking begins alike, so that a seeded schedule does not depend on how often it slept.
  poll_clock_.looked();
  dispatches_ = turn_ = next_in_row_ = 0;
  deliver(std::move(came));
}

void worker::get_up() noexcept {
  // W5: if a waker took this worker out of the sleepers, it has counted it as searching.
  searching_ = !sched_.idle_.unpark_self(index_);
  if (sched_.standby_) sched_.standby_->begin_watch();
  if (!sched_.is_under_suspicion()) urgency_.set(urgency::level::usual);
}

/// False: there is something to look for after all, and this worker is a searcher.
bool worker::lie_down() noexcept {
  // W1: from here on a publisher finds this worker among the sleepers.
  if (!sched_.idle_.park(index_, std::exchange(searching_, false))) return true;
  // W2: nobody searches: what was published before W1 is this worker's to find.
  if (!sched_.has_work()) return true;
  sched_.idle_.unpark_self(index_, true);
  searching_ = true;
  return false;
}

/// W3, for a borrower: does its work instead of sleeping. False: nobody borrows, or this worker is needed in the
/// reactor.
bool worker::lend() noexcept {
  borrower* const b = sched_.borrower_in_need();
  if (!b) return false;
  // The standby stands while there is a borrower. Without one somebody else must be in the reactor; under the virtual
  // clock nothing comes from there before all sleep.
  if (!sched_.standby_ && !sched_.has_virtual_clock() && !sched_.is_reactor_attended()) return false;
  if (!sched_.idle_.lend(index_)) {
    get_up();
    return true;
  }
  if (parker_.begin_loan()) {
    counters_.loans.add();
    hogs_.store(hogs_.load(relaxed) + 1, relaxed);  // order: as enter_hog()
    sched_.call_worker_to_lend();
    b->help(index_);
    leave_hog();
    parker_.end_loan();
  }
  get_up();
  searching_ = false;  // who calls a lent worker does not count it as searching
  return true;
}

runnable_list worker::wait_in_reactor(nanos limit) noexcept {
  runnable_list came;
  poll_report report{.where = is_standby() ? &arrivals_ : nullptr};
  if (const std::optional<nanos> earliest = announce_stay()) {
    if (sched_.followers_ && is_standby()) sched_.followers_->arrive();
    if (sched_.is_under_suspicion()) {
      urgency_.set(urgency::level::prompt);
    } else if (is_standby()) {
      urgency_.set(urgency::level::favoured);
    }
    counters_.polls.add();
    stays_.add();
    if (sched_.has_virtual_clock()) {
      if (!sched_.jump_clock(came)) sched_.io().poll(never, came, reactor::max_batch, report);
    } else if (is_standby()) {
      const nanos until = std::min(limit, *earliest);
      poll(until == never ? never : std::max<nanos>(0, until - steady_now()), came, report);
      arrivals_.follow();
    } else {
      sleep_until(std::min(limit, *earliest), came, report);
    }
  }
  stay_.leave();
  if (!is_standby()) parker_.end_reactor_wait();
  // A wake that was meant for the other one who waits here may have reached this one.
  // Back in the reactor at once, this thread would take it again before the other one has a processor.
  if (report.took_wake && sched_.pass_reactor_wake_on(*this) && came.empty()) ::sched_yield();
  return came;
}

void worker::poll(nanos timeout, runnable_list& came, poll_report& report) noexcept {
  sched_.io().poll(timeout, came, events_at_once(reactor::max_batch), report);
}

/// For a timer: as soon after its deadline as the kernel's lateness lets itself be foreseen.
void worker::sleep_until(nanos deadline, runnable_list& came, poll_report& report) noexcept {
  if (deadline == never) return poll(never, came, report);
  nanos current = steady_now();
  const nanos timeout = wake_lead_.shorten(std::max<nanos>(0, deadline - current));
  const nanos asked = current + timeout;
  poll(timeout, came, report);
  if (!came.empty() || report.took_wake) return;
  current = steady_now();
  if (current < asked) return;  // an event of which nobody wanted to hear, or a signal
  wake_lead_.note(current - asked);
  if (deadline - current > wake_lead::most_spun) return;
  while (current < deadline && !awaits_reactor_wake()) {
    spin_pause();
    current = steady_now();
  }
}

/// Enters the stay, and looks again at everything that could call this thread back. Nothing: there is something; do not
/// wait.
std::optional<nanos> worker::announce_stay() noexcept {
  const auto until = stay_.announce([this] { return sched_.has_virtual_clock() ? never : sched_.earliest_deadline(); });
  if (!until) return until;
  const bool may_wait = is_standby() ? !sched_.has_light_work() && !sched_.is_stopping() : parker_.begin_reactor_wait();
  return may_wait ? until : std::nullopt;
}

void worker::unpark() noexcept {
  switch (parker_.unpark()) {
    case token_calls::nobody:
      break;
    case token_calls::reactor:
      sched_.io().wake();
      break;
    case token_calls::borrower:
      sched_.borrower_->recall(index_);
      break;
  }
}

bool worker::awaits_reactor_wake() const noexcept { return parker_.is_called() || stay_.is_called(); }

// ---- Pushing.

void worker::push_ready(runnable& r) noexcept {
  if (!ready_.owner().push(r)) sched_.injection_.push(r);
}

void worker::push_next(runnable& r) noexcept {
  if (sched_.is_seeded() && random_.below(2) == 0) {
    push_ready(r);
  } else if (runnable* displaced = next_.owner().put(r)) {
    push_ready(*displaced);
  }
}

void worker::enter_hog() noexcept {
  hogs_.store(hogs_.load(relaxed) + 1, relaxed);  // order: a hint; only this thread writes
  // What waits for this worker's return now waits for anybody.
  if (runnable* r = next_.owner().take()) push_ready(*r);
  // Without a standby a sleeper, if there is one, takes over the reactor, should this worker have been the one to look
  // at it.
  const bool leaves_reactor = !sched_.standby_ && !sched_.is_reactor_attended();
  if (has_ready() || has_fork() || leaves_reactor) sched_.wake_one_or_standby();
}

void worker::leave_hog() noexcept { hogs_.store(hogs_.load(relaxed) - 1, relaxed); }  // order: as enter_hog()

int worker::events_at_once(int otherwise) const noexcept {
  if (sched_.is_under_suspicion()) return wary_events;
  return is_standby() && sched_.do_convicts_run() ? few_events : otherwise;
}

bool worker::checkpoint() noexcept {
  if (!poll_clock_.is_due()) return false;
  if (is_hogging() && !is_standby()) sched_.pace();  // others wait for nobody who says that it computes for long
  if (asleep_.load(relaxed)) return false;  // lent: it is called when there is work. order: only this thread writes it
  ask_relief();
  look_at_reactor();
  // This worker goes on computing: somebody else must come, if need be the standby from its rest.
  if (has_ready() && !sched_.wake_one() && sched_.standby_) sched_.standby_->call_from_rest();
  return true;
}

}  // namespace hocket::rt
