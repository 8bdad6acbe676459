#include <hocket/rt/sched/followers.hpp>

#include <mutex>
#include <string>

#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/standby.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/thread_start.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {

void followers::call() noexcept {
  if (roster_.call() == follower_roster::called::nobody_rests) start_one();
}

void followers::start_one() noexcept {
  if (is_starting_.load(relaxed) || is_starting_.exchange(true, relaxed)) return;
  const std::lock_guard guard(mutex_);
  const unsigned n = started_.load(relaxed);
  if (n == most_ || sched_.is_stopping()) {
    is_starting_.store(n == most_, relaxed);  // all are there: nobody needs to look again
    return;
  }
  try {
    worker& seat = sched_.add_seat();
    threads_.push_back(start_thread({"hocket-f" + std::to_string(n)}, [this, &seat] { main(seat); }));
    started_.store(n + 1, relaxed);
  } catch (...) {
    most_ = n;  // no memory or no threads left: with those there are
  }
}

// Also when the suspicion is over while those who are under it still run, and one of them has the standby.
bool followers::are_needed() const noexcept {
  if (sched_.is_under_suspicion() || sched_.do_convicts_run()) return true;
  const standby& first = *sched_.standby_;
  return first.is_armed() && first.is_busy();
}

// Who came for suspects and stays for convicts costs a switch of threads for each event that it takes from the others.
bool followers::is_superfluous(const worker& seat) const noexcept {
  if (!seat.is_favoured() || sched_.is_under_suspicion()) return false;
  return sched_.do_enough_stand(sched_.standers_beside_convicts(seat));
}

void followers::main(worker& seat) noexcept {
  seat.begin_thread();
  is_starting_.store(false, relaxed);
  while (!sched_.is_stopping()) {
    if (runnable* r = seat.find_work()) {
      roster_.arrive();
      seat.run(*r);
    } else if (take_offer()) {
      run_bulk(seat);
    } else if (are_needed() && !is_superfluous(seat)) {
      stand(seat);
    } else {
      rest();
    }
  }
  this_thread() = {};
}

// order, for the three below: one word that says who may; what is run comes by the queue.
void followers::relieve_bulk() noexcept {
  auto before = bulk_relief::none;
  bulk_relief_.compare_exchange_strong(before, bulk_relief::offered, relaxed);
  if (before != bulk_relief::taken) call();
}

bool followers::take_offer() noexcept {
  auto before = bulk_relief::offered;
  return bulk_relief_.load(relaxed) == before &&
         bulk_relief_.compare_exchange_strong(before, bulk_relief::taken, relaxed);
}

void followers::run_bulk(worker& seat) noexcept {
  roster_.arrive();
  if (runnable* r = sched_.bulk_.pop()) seat.run(*r);
  bulk_relief_.store(bulk_relief::none, relaxed);
}

void followers::stand(worker& seat) noexcept {
  standby& first = *sched_.standby_;
  const nanos from = steady_now();
  const nanos until = from + (first.is_busy() ? standby::tick : patience);
  runnable_list came = seat.wait_in_reactor(until);  // which says that it arrived
  const bool in_vain = came.empty();
  if (!in_vain) sched_.hand_over_standing(seat);
  seat.deliver(std::move(came));
  if (first.is_busy()) first.look_if_due();
  if (in_vain && !seat.has_ready() && steady_now() >= from + patience && sched_.do_enough_stand(1)) rest();
}

void followers::rest() noexcept {
  roster_.arrive();
  if (sched_.is_stopping()) return;
  roster_.rest([this] { return are_needed() && !sched_.do_enough_stand(1); });
}

void followers::stop() noexcept {
  const std::lock_guard guard(mutex_);
  most_ = started_.load(relaxed);
  // One call for each: who is about to rest finds it.
  roster_.stop(most_);
  for (unsigned i = 0; i < most_; ++i) {
    if (sched_.seat(first_seat_ + i).stay().call()) sched_.io().wake();
  }
  for (auto& t : threads_) t.join();
  threads_.clear();
}

}  // namespace hocket::rt
