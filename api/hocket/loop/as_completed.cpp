#include <hocket/loop/as_completed.hpp>

#include <algorithm>
#include <mutex>

namespace hocket {

completion_queue::completion_queue(loop_state& loop, std::size_t futures)
    : loop_(&loop), serial_home_(loop.serial_home_here()), unclaimed_(futures), left_(futures) {
  listeners_.reserve(futures);
}

rt::counted_ptr<completion_queue> completion_queue::make(loop_state& loop,
                                                         std::vector<rt::counted_ptr<future_core>> futures,
                                                         OptionalDelay timeout) {
  auto it = rt::counted_ptr<completion_queue>::adopt(new completion_queue(loop, futures.size()));
  for (auto& f : futures) it->listeners_.emplace_back(*it, std::move(f));
  for (listener& l : it->listeners_) {
    it->add_ref();  // held until it had its turn, or time_is_up() took it out
    if (!l.future->add_waiter(l)) l.take_turn();
  }
  // After them, as in CPython: who is done already is in time. In the parallel door it may strike at once.
  if (timeout) {
    const std::lock_guard guard(it->mutex_);
    if (it->left_ > 0)
      it->timer_ = loop.call_at(rt::saturating_add(loop.now(), timeout->nanos()), [it] { it->time_is_up(); });
  }
  return it;
}

void completion_queue::release_ref() const noexcept {
  // order: A1: all use happens before the end; pairs with itself.
  if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
}

completion_queue::listener::listener(completion_queue& q, rt::counted_ptr<future_core> f) noexcept
    : queue(q), future(std::move(f)) {}

void completion_queue::listener::take_turn() noexcept {
  if (!loop_state::queue_turn(queue.serial_home_, *this)) queue.one_done(*this);
}

bool completion_queue::claim() noexcept {
  std::size_t n = unclaimed_.load(rt::relaxed);  // order: a number, as below
  while (n > 0 && !unclaimed_.compare_exchange_weak(n, n - 1, rt::relaxed)) {
  }
  return n > 0;
}

void completion_queue::one_done(listener& l) noexcept {
  rt::counted_ptr<callback> timer;
  {
    const std::lock_guard guard(mutex_);
    if (!is_late_) {
      ended_.push_back(static_cast<std::size_t>(&l - listeners_.data()));
      if (--left_ == 0) timer = std::move(timer_);
    }
  }
  wake_one();
  if (timer) timer->cancel();
  release_ref();
}

// As CPython's _handle_timeout: those that are left are forgotten, and every wait for one of them ends.
void completion_queue::time_is_up() noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (left_ == 0) return;
    is_late_ = true;
    timer_ = nullptr;
  }
  for (listener& l : listeners_) {
    if (l.future->remove_waiter(l)) release_ref();  // the timer's callback holds one as well
  }
  while (wake_one()) {
  }
}

std::optional<std::size_t> completion_queue::take_or_wait(Future<>& turn) {
  const std::lock_guard guard(mutex_);
  if (!ended_.empty()) {
    const std::size_t i = ended_.front();
    ended_.pop_front();
    return i;
  }
  if (is_late_) throw TimeoutError();
  turn = create_future<void>(*loop_);
  waiters_.push_back(turn);
  return std::nullopt;
}

Coro<std::size_t> completion_queue::next(rt::counted_ptr<completion_queue> self) {
  co_await rt::turn_point();
  for (;;) {
    Future<> turn;
    if (const auto i = self->take_or_wait(turn)) co_return *i;
    std::exception_ptr cut_short;
    try {
      co_await turn;
    } catch (...) {
      cut_short = std::current_exception();
    }
    if (cut_short) {
      self->leave(turn);
      std::rethrow_exception(cut_short);
    }
  }
}

void completion_queue::leave(const Future<>& turn) noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (const auto at = std::find(waiters_.begin(), waiters_.end(), turn); at != waiters_.end()) {
      waiters_.erase(at);
      return;
    }
  }
  wake_one();
}

// Wakes the first who waits, if there is something to hear for it.
bool completion_queue::wake_one() noexcept {
  for (;;) {
    Future<> turn;
    {
      const std::lock_guard guard(mutex_);
      if (waiters_.empty() || (ended_.empty() && !is_late_)) return false;
      turn = std::move(waiters_.front());
      waiters_.pop_front();
    }
    if (turn.try_set_result()) return true;  // else it was cancelled meanwhile
  }
}

}  // namespace hocket
