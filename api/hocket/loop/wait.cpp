#include <hocket/loop/wait.hpp>

#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/result.hpp>

namespace hocket {

wait_core::wait_core(loop_state& loop, std::size_t futures, ReturnWhen when)
    : serial_home_(loop.serial_home_here()), enough_(create_future<void>(loop)), when_(when), left_(futures) {
  listeners_.reserve(futures);
}

rt::counted_ptr<wait_core> wait_core::make(loop_state& loop, const std::vector<rt::counted_ptr<future_core>>& futures,
                                           ReturnWhen when) {
  auto it = rt::counted_ptr<wait_core>::adopt(new wait_core(loop, futures.size(), when));
  for (const auto& f : futures) it->listeners_.emplace_back(*it, f);
  for (listener& l : it->listeners_) {
    it->add_ref();  // held until it has fired, or leave() took it out
    if (!l.future->add_waiter(l)) l.fire(*l.future);
  }
  return it;
}

wait_core::listener::listener(wait_core& w, rt::counted_ptr<future_core> f) noexcept : wait(w), future(std::move(f)) {}

void wait_core::listener::fire(future_core& f) noexcept {
  if (!loop_state::queue_turn(wait.serial_home_, *this)) wait.one_done(f);
}

void wait_core::listener::tell(awaiting_parties& to) const { to.add_those_of(*wait.enough_.state()); }

// Who waits for the first exception has seen one that ends a wait; CPython does not look at that of the last.
static bool is_seen_failure(const future_core& f) noexcept {
  if (!f.has_failed()) return false;
  f.mark_seen();
  return true;
}

void wait_core::one_done(future_core& f) noexcept {
  const bool last = left_.fetch_sub(1, rt::acq_rel) == 1;  // order: W1: pairs with itself
  if (last || when_ == FIRST_COMPLETED || (when_ == FIRST_EXCEPTION && is_seen_failure(f))) enough_.try_set_result();
  release_ref();
}

void wait_core::leave() noexcept {
  for (listener& l : listeners_) {
    if (l.future->remove_waiter(l)) release_ref();
  }
}

void wait_core::release_ref() const noexcept {
  // order: W2: all use happens before the end; pairs with itself.
  if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
}

bool enough_done(const std::vector<rt::counted_ptr<future_core>>& futures, ReturnWhen when) noexcept {
  std::size_t left = futures.size();
  bool enough = false;
  for (const auto& f : futures) {
    if (!f->is_done()) continue;
    if (--left == 0 || when == FIRST_COMPLETED) return true;
    if (when == FIRST_EXCEPTION && is_seen_failure(*f)) enough = true;
  }
  return enough;
}

Coro<> wait_for_enough(std::vector<rt::counted_ptr<future_core>> futures, WaitOptions options) {
  loop_state& loop = running_loop();
  // In a serial loop what is done already takes its turn too, as in CPython: wait() always lets the others run.
  if (!loop.serial_home_here() && enough_done(futures, options.return_when)) co_return;
  const auto core = wait_core::make(loop, futures, options.return_when);
  rt::counted_ptr<callback> timer;
  if (options.timeout) {
    timer = loop.call_at(rt::saturating_add(loop.now(), options.timeout->nanos()),
                         [core] { core->enough().try_set_result(); });
  }
  std::exception_ptr cancelled;
  try {
    co_await core->enough();
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (timer) timer->cancel();
  core->leave();
  if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace hocket
