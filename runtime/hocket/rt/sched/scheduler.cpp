#include <hocket/rt/sched/scheduler.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include <hocket/rt/base/error.hpp>
#include <hocket/rt/base/random.hpp>
#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/sched/borrower.hpp>
#include <hocket/rt/sched/followers.hpp>
#include <hocket/rt/sched/stall_report.hpp>
#include <hocket/rt/sched/standby.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/thread_start.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

constexpr unsigned favoured_standers = 1;
constexpr unsigned usual_standers = 2;
constexpr unsigned wary_standers = 3;  // one who has just run may have to wait for a processor that a hog is on

}  // namespace

// ---- Beginning and end.

scheduler::scheduler(const scheduler_options& asked)
    : plan_(make_plan(asked)), io_(reactor::make()), in_service_(plan_.workers), idle_(plan_.workers) {
  if (plan_.follow_quota || plan_.pace_to_quota) quota_.emplace(plan_.workers, plan_.quota_root, plan_.quota_interval);
  seats_.resize(plan_.workers + (plan_.standby ? 1 + plan_.followers : 0));
  while (seat_count() < plan_.workers) add_seat();
  if (plan_.standby) {
    standby_ = std::make_unique<standby>(*this, add_seat());
    if (plan_.followers > 0) followers_ = std::make_unique<followers>(*this, seat_count(), plan_.followers);
  }
  if (plan_.stall_report > 0) stalls_ = std::make_unique<stall_report>(*this, plan_.stall_report);
  blocking_ = std::make_unique<blocking_pool>(*this, plan_.blocking_threads);
  start();
  roll_.emplace(*this);
}

scheduler::~scheduler() {
  if (this_worker()) fatal("sched", "a scheduler was destroyed by one of its own threads");
  blocking_->shutdown();
  while (outside_calls_.load(acquire) != 0) std::this_thread::yield();  // order: O1
  stop();
}

/// One thread at a time.
worker& scheduler::add_seat() {
  const unsigned i = seat_count_.load(relaxed);
  std::uint64_t seed = plan_.seed.value_or(0x686f636b6574) + i * 0x9e3779b97f4a7c15u;
  seats_[i] =
      std::make_unique<worker>(*this, i, i < plan_.workers ? seat_kind::worker : seat_kind::standby, splitmix64(seed));
  // order: C1: publishes the seat; pairs with seat_count().
  seat_count_.store(i + 1, release);
  return *seats_[i];
}

void scheduler::start() {
  threads_.reserve(plan_.workers + 1);
  try {
    for (unsigned i = 0; i < plan_.workers; ++i) {
      const int cpu = plan_.pin_to.empty() ? -1 : static_cast<int>(plan_.pin_to[i % plan_.pin_to.size()]);
      threads_.push_back(start_thread({"hocket-w" + std::to_string(i), cpu}, [w = seats_[i].get()] { w->main(); }));
    }
    if (standby_) threads_.push_back(start_thread({"hocket-sb"}, [s = standby_.get()] { s->main(); }));
  } catch (...) {
    stop();
    throw;
  }
}

void scheduler::stop() noexcept {
  if (stalls_) stalls_->stop();  // it looks at the threads that end below
  // order: S1: before the calls below; a thread that they do not find asleep reads it before it sleeps.
  stopping_.store(true, seq_cst);
  for (unsigned i = 0; i < plan_.workers; ++i) seats_[i]->unpark();
  if (standby_) standby_->stop();
  if (followers_) followers_->stop();
  for (auto& t : threads_) t.join();
  threads_.clear();
}

worker* scheduler::this_worker() const noexcept {
  const thread_context& context = this_thread();
  return context.sched == this ? context.self : nullptr;
}

// ---- Publishing work.

void scheduler::post(runnable& r) noexcept {
  worker* const self = this_worker();
  if (!self) {
    const outside_call call(*this);
    injection_.push(r);
    wake_one_or_standby();
    return;
  }
  self->push_ready(r);
  if (self->is_delivering()) return;
  if (self->needs_relief()) {
    wake_one_or_standby();
  } else {
    wake_one();
  }
}

void scheduler::post_all(runnable_list&& list) noexcept {
  if (list.empty()) return;
  const outside_call call(*this);
  if (worker* const self = this_worker()) {
    while (runnable* r = list.pop_front()) self->push_ready(*r);
    if (self->is_delivering()) return;
  } else {
    injection_.push_all(std::move(list));
  }
  wake_one_or_standby();
}

void scheduler::post_again(runnable& r) noexcept {
  worker* const self = this_worker();
  if (!self || self->needs_relief()) return post(r);
  const bool is_alone = !self->has_ready();
  self->push_ready(r);
  if (!is_alone && !self->is_delivering()) wake_one();
}

void scheduler::post_next(runnable& r) noexcept {
  worker* const self = this_worker();
  if (!self || self->is_standby() || self->needs_relief() || self->is_delivering()) return post(r);
  self->push_next(r);
}

void scheduler::post_fork(runnable& r) noexcept {
  worker* const self = this_worker();
  if (!self || self->is_standby()) return post_bulk(r);
  self->push_fork(r);
  wake_one();
}

runnable* scheduler::pop_fork() noexcept {
  worker* const self = this_worker();
  return self ? self->pop_fork() : nullptr;
}

bool scheduler::take_back_fork(runnable& r) noexcept {
  worker* const self = this_worker();
  return self && self->take_back_fork(r);
}

void scheduler::post_bulk(runnable& r) noexcept {
  const outside_call call(*this);
  bulk_.push(r);
  wake_one();
}

bool scheduler::wake_one() noexcept {
  const int sleeper = idle_.worker_to_wake();
  if (sleeper < 0) return false;
  seats_[static_cast<unsigned>(sleeper)]->unpark();
  return true;
}

void scheduler::wake_one_or_standby() noexcept {
  if (wake_one() || idle_.is_searched() || call_stander()) return;
  // All who could come are busy with suspects.
  if (is_under_suspicion()) ensure_standing(1);
}

void scheduler::pass_search_on() noexcept {
  if (has_light_work()) {
    wake_one_or_standby();
  } else if (has_work()) {
    wake_one();
  } else {
    call_worker_to_lend();  // this one was perhaps on its way to a borrower
  }
}

bool scheduler::call_stander() noexcept {
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n; ++i) {
    if (!seat(i).stay().call()) continue;
    io_->wake();
    return true;
  }
  return false;
}

bool scheduler::do_enough_stand(unsigned enough) const noexcept {
  // order: F1: after the caller left its own stay; pairs with the enter() of whoever stands.
  const int holder = reactor_holder_.load(seq_cst);
  unsigned standing = holder != nobody && seat(static_cast<unsigned>(holder)).stay().is_in();
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n && standing < enough; ++i) {
    standing += seat(i).stay().is_in();
  }
  return standing >= enough;
}

void scheduler::expect_hog(nanos current) noexcept {
  // order: F1: before the look at who stands and rests. Not at every run: the line is everybody's.
  if (current - last_suspect_.load(relaxed) > nanos_per_ms) last_suspect_.store(current, seq_cst);
  ensure_standing(plan_.standers ? plan_.standers : wary_standers);
}

bool scheduler::has_work() const noexcept {
  if (!injection_.looks_empty() || !bulk_.looks_empty()) return true;
  for (unsigned i = 0, n = seat_count(); i < n; ++i) {
    if (seat(i).has_ready() || seat(i).has_fork()) return true;
  }
  return false;
}

bool scheduler::has_light_work() const noexcept {
  if (!injection_.looks_empty()) return true;
  for (unsigned i = 0, n = seat_count(); i < n; ++i) {
    if (seat(i).needs_relief() && (seat(i).has_ready() || seat(i).has_next())) return true;
  }
  return false;
}

unsigned scheduler::standers_beside_convicts(const worker& one) const noexcept {
  if (plan_.standers) return plan_.standers;
  return one.is_favoured() ? favoured_standers : usual_standers;
}

void scheduler::hand_over_standing(const worker& by) noexcept {
  if (!do_convicts_run()) return;
  const unsigned others = standers_beside_convicts(by) - 1;
  if (others > 0) ensure_standing(others);
}

void scheduler::ensure_standing(unsigned enough) noexcept {
  if (!followers_ || do_enough_stand(enough)) return;
  // A sleeper that can have the reactor stands there after a look around; else it would only turn over.
  if (reactor_holder_.load(seq_cst) == nobody && wake_one()) return;  // order: F1
  followers_->call();
}

// ---- Time.

nanos scheduler::now() const noexcept { return plan_.virtual_clock ? virtual_clock_.now() : steady_now(); }

void scheduler::arm(timer& t, nanos deadline) {
  deadline = std::min(deadline, end_of_time);  // `never` would call back nobody
  const worker* const self = this_worker();
  t.shard = static_cast<std::uint16_t>(self ? self->index() : 0);
  std::optional<outside_call> call;
  if (!self) call.emplace(*this);
  const bool is_earliest = seats_[t.shard]->timers().arm(t, deadline);
  // Under the virtual clock time does not pass before this worker sleeps too, and then it is looked at anyway.
  if (is_earliest && !(self && plan_.virtual_clock)) call_sleepers_beyond(deadline);
}

bool scheduler::cancel(timer& t) noexcept { return seats_[t.shard]->timers().cancel(t); }

nanos scheduler::earliest_deadline() const noexcept {
  nanos least = never;
  for (unsigned i = 0, n = seat_count(); i < n; ++i) least = std::min(least, seat(i).timers().earliest());
  return least;
}

std::size_t scheduler::fire_due_timers() noexcept {
  std::size_t fired = 0;
  for (;;) {
    timer_shard* first = nullptr;
    nanos least = never;
    nanos second = never;
    for (unsigned i = 0, n = seat_count(); i < n; ++i) {
      const nanos earliest = seat(i).timers().earliest();
      if (earliest < least) {
        second = least;
        least = earliest;
        first = &seat(i).timers();
      } else {
        second = std::min(second, earliest);
      }
    }
    if (!first) return fired;
    const nanos current = now();
    if (least > current) return fired;
    // Up to the next shard's earliest, so that the order holds across shards.
    std::array<timer*, 16> due;
    const std::size_t n = first->pop_due(std::min(current, second), due);
    for (std::size_t i = 0; i < n; ++i) due[i]->run();
    fired += n;
  }
}

// ---- The reactor's sleepers.

bool scheduler::take_reactor(unsigned index) noexcept {
  int expected = nobody;
  // order: T1: the holder is known before its stay is; pairs with call_sleepers_beyond().
  return reactor_holder_.compare_exchange_strong(expected, static_cast<int>(index), seq_cst);
}

void scheduler::give_reactor_back() noexcept {
  // order: T1.
  reactor_holder_.store(nobody, seq_cst);
}

std::uint64_t scheduler::stays_so_far() const noexcept {
  std::uint64_t sum = 0;  // a hint: the parts are read one after the other
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n; ++i) sum += seat(i).stays();
  return sum;
}

bool scheduler::is_reactor_attended() const noexcept {
  // order: a hint: who reads it late polls in vain, or leaves it to the next look.
  if (reactor_holder_.load(relaxed) != nobody) return true;
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n; ++i) {
    if (seat(i).stay().is_in()) return true;
  }
  return false;
}

void scheduler::call_sleepers_beyond(nanos deadline) noexcept {
  // order: T1: after the shard published its earliest deadline.
  const int holder = reactor_holder_.load(seq_cst);
  bool calls = holder != nobody && seat(static_cast<unsigned>(holder)).stay().call_if_beyond(deadline);
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n; ++i) calls |= seat(i).stay().call_if_beyond(deadline);
  if (calls) io_->wake();
}

bool scheduler::pass_reactor_wake_on(const worker& by) noexcept {
  // order: T2: after `by` left its own stay.
  const int holder = reactor_holder_.load(seq_cst);
  const auto waits = [&by](const worker& w) { return &w != &by && w.awaits_reactor_wake(); };
  bool owed = holder != nobody && waits(seat(static_cast<unsigned>(holder)));
  for (unsigned i = first_extra_seat(), n = seat_count(); i < n && !owed; ++i) owed = waits(seat(i));
  if (owed) io_->wake();
  return owed;
}

// ---- The virtual clock. Why a jump is exact: README.md, "The clock jumps".

bool scheduler::jump_clock(runnable_list& came) noexcept {
  // V1 before this look, V5 after it.
  const auto look_around = [&] {
    // V2: no worker runs or is about to. V3: nothing is queued. V4: no socket is ready.
    const bool stands = all_asleep() && !has_work() && io_->poll(0, came, reactor::max_batch) == 0;
    return stands ? earliest_deadline() : never;
  };
  return virtual_clock_.jump(look_around) || !came.empty();
}

void scheduler::offer_jump() noexcept {
  if (all_asleep()) io_->wake();
}

void scheduler::release_virtual_time() noexcept {
  if (virtual_clock_.release() && plan_.virtual_clock) io_->wake();
}

// ---- The quota. Who steps aside how: README.md, "Under a quota".

void scheduler::follow_quota(nanos now) noexcept {
  if (!quota_) return;
  const auto cpus = quota_->look(now);
  if (!cpus) return;
  if (plan_.pace_to_quota) pacer_.set_quota(*cpus < plan_.cpus ? *cpus : 0, now, process_cpu_time());
  if (plan_.follow_quota) put_in_service(quota_->workers_for(*cpus));
}

void scheduler::pace() noexcept {
  if (!pacer_.is_on()) return;
  const nanos wait = pacer_.wait_before(steady_now(), process_cpu_time());
  if (wait == 0) return;
  const hog_scope hog(*this);  // sockets and timers are the standby's meanwhile
  const timespec time{.tv_sec = 0, .tv_nsec = wait};
  ::nanosleep(&time, nullptr);
}

void scheduler::put_in_service(unsigned workers) noexcept {
  // order: only the watch writes it; whom it calls sees it by the token.
  const unsigned before = in_service_.exchange(workers, relaxed);
  // Those who come back, or those who shall step aside, also from a sleep in the reactor or from a loan.
  for (unsigned i = std::min(before, workers); i < std::max(before, workers); ++i) seats_[i]->unpark();
}

// ---- Lending.

borrower& scheduler::borrower_made_by(std::unique_ptr<borrower> (*make)(scheduler&)) {
  const std::lock_guard lock(borrower_mutex_);
  if (!borrower_) borrower_ = make(*this);
  return *borrower_;
}

void scheduler::borrow_workers() noexcept {
  // order: L1: before the look at the sleepers; pairs with borrower_in_need(). Who falls asleep meanwhile sees the
  // need.
  loans_wanted_.fetch_add(1, seq_cst);
  call_worker_to_lend();
}

// Who is lent stays so: a borrower's next work often comes at once, and a lent worker is called like any other sleeper.
void scheduler::borrow_no_more() noexcept { loans_wanted_.fetch_sub(1, relaxed); }  // order: a hint to those who sleep

void scheduler::call_worker_to_lend() noexcept {
  if (!borrower_in_need()) return;
  const int sleeper = idle_.worker_to_lend();
  if (sleeper >= 0) seats_[static_cast<unsigned>(sleeper)]->unpark();
}

// ---- Hogs.

void scheduler::arm_standby() noexcept {
  if (worker* const self = this_worker()) self->enter_hog();
  if (standby_) standby_->arm();
}

void scheduler::disarm_standby() noexcept {
  if (worker* const self = this_worker()) self->leave_hog();
  if (standby_) standby_->disarm();
}

bool scheduler::checkpoint() noexcept {
  worker* const self = this_worker();
  return self && self->checkpoint();
}

}  // namespace hocket::rt
