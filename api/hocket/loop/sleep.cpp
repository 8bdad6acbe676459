#include <hocket/loop/sleep.hpp>

namespace hocket {

bool sleep_wait::commit(rt::task_base& self) noexcept {
  if (is_only_a_turn_) {
    wake(self);  // owned, so it is queued behind what is ready
  } else {
    self.home().arm(*this, rt::saturating_add(self.home().now(), static_cast<rt::nanos>(number)));
  }
  return true;
}

bool sleep_wait::cancel(rt::task_base& self) noexcept {
  if (is_only_a_turn_) return false;
  // In a serial home a timer that is due stands in the ready queue, before anything that this wakes: it will see the
  // flag.
  if (!self.home().cancel(*this) && !self.home().is_serial()) return false;
  cancelled_ = true;
  wake(self);
  return true;
}

namespace {

Coro<> as_coro(Delay d) { co_await sleep_wait(d); }

}  // namespace

void sleep_wait::throw_reused() { throw RuntimeError("cannot reuse already awaited coroutine"); }

Delay sleep_wait::delay() const {
  refuse_reuse();
  return std::chrono::nanoseconds(static_cast<rt::nanos>(number));
}

sleep_wait::operator Coro<void>() && { return as_coro(delay()); }

void sleep_wait::run() noexcept {
  if (!cancelled_) wake(*task_);
}

void sleep_wait::throw_cancelled() const { throw CancelledError(task_->cancel_message()); }

}  // namespace hocket
