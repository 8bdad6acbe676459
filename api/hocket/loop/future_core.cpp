#include <hocket/loop/future_core.hpp>

#include <mutex>
#include <utility>

#include <hocket/loop/loop_state.hpp>

namespace hocket {

bool future_core::begin_completion() noexcept {
  status expected = status::pending;
  return status_.compare_exchange_strong(expected, status::completing, rt::acq_rel, rt::relaxed);
}

void future_core::publish_exception(std::exception_ptr e) noexcept {
  error_ = std::move(e);
  publish(status::finished);
}

void future_core::publish_cancelled(std::string_view message) noexcept {
  if (!message.empty()) error_ = std::make_exception_ptr(CancelledError(std::string(message)));
  publish(status::cancelled);
}

void future_core::publish(status s) noexcept {
  future_waiter* first = nullptr;
  {
    const std::lock_guard guard(mutex_);
    // order: U1: publishes the outcome; pairs with the acquire loads of is_done() and is_cancelled().
    status_.store(s, rt::release);
    future_waiter** end = &first;
    while (future_waiter* w = waiters_.pop_front()) {
      *end = w;
      w->next_fired_ = nullptr;
      end = &w->next_fired_;
    }
  }
  // From here on every waiter in the chain is ours: nobody else can unlink it, and it stays until it is fired.
  while (first) std::exchange(first, first->next_fired_)->fire(*this);
}

bool future_core::cancel(std::string_view message) {
  if (!begin_completion()) return false;
  publish_cancelled(message);
  return true;
}

bool future_core::add_waiter(future_waiter& w) noexcept {
  const std::lock_guard guard(mutex_);
  if (status_.load(rt::relaxed) >= status::finished) return false;  // order: the mutex
  waiters_.push_back(w);
  return true;
}

bool future_core::remove_waiter(future_waiter& w) noexcept {
  const std::lock_guard guard(mutex_);
  if (!w.is_linked()) return false;
  waiters_.erase(w);
  return true;
}

std::size_t future_core::drop_waiters(bool (*match)(const future_waiter&, const void*) noexcept,
                                      const void* wanted) noexcept {
  future_waiter* dropped = nullptr;
  std::size_t n = 0;
  {
    const std::lock_guard guard(mutex_);
    for (future_waiter *w = waiters_.front(), *next = nullptr; w; w = next) {
      next = waiters_.next(*w);
      if (!match(*w, wanted)) continue;
      waiters_.erase(*w);
      w->next_fired_ = std::exchange(dropped, w);
      ++n;
    }
  }
  while (dropped) std::exchange(dropped, dropped->next_fired_)->drop();
  return n;
}

future_core::~future_core() {
  while (future_waiter* w = waiters_.pop_front()) w->drop();
}

std::exception_ptr future_core::take_notice() const noexcept {
  mark_seen();
  return error_;
}

void future_core::rethrow_failure() const {
  if (!is_done()) throw InvalidStateError("Result is not set.");
  mark_seen();
  if (error_) std::rethrow_exception(error_);
  if (is_cancelled()) throw CancelledError();
}

std::string future_core::repr() const {
  std::string text = std::string("<") + type_name() + " ";
  text += !is_done() ? "pending" : is_cancelled() ? "cancelled" : "finished";
  text += repr_details();
  if (is_done() && !is_cancelled() && error_) text += " exception=" + represent(error_);
  return text + ">";
}

void future_core::report_unseen_exception() const noexcept {
  if (!error_ || is_cancelled() || exception_was_seen()) return;
  report_problem(std::string(type_name()) + " exception was never retrieved", "future: " + repr(), error_);
}

}  // namespace hocket
