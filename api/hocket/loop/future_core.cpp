#include <hocket/loop/future_core.hpp>

#include <array>
#include <cstddef>
#include <utility>

#include <hocket/loop/creation.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/coro/origins.hpp>

namespace hocket {

bool future_core::begin_completion() noexcept {
  status expected = status::pending;
  return status_.compare_exchange_strong(expected, status::completing, rt::acq_rel, rt::relaxed);
}

void future_core::publish_exception(std::exception_ptr e, bool* is_answered_for) noexcept {
  if (!e) rt::fatal("future", "failed without an exception");
  failure() = std::move(e);
  publish(status::failed, is_answered_for);
}

void future_core::publish_cancelled(std::string_view message) noexcept {
  if (!message.empty()) failure() = std::make_exception_ptr(CancelledError(std::string(message)));
  publish(status::cancelled);
}

void future_core::publish_cancelled(std::exception_ptr e) noexcept {
  failure() = std::move(e);
  publish(status::cancelled);
}

void future_core::publish(status s, bool* is_answered_for) noexcept {
  // order: U1: publishes the outcome; pairs with the acquire loads of is_done() and its like.
  status_.store(s, rt::release);
  // From here on every waiter in the chain is ours: nobody else can take it out, and it stays until it is fired.
  auto* w = static_cast<future_waiter*>(waiters_.close(waiters_mutex()));
  while (w) {
    auto* const next = static_cast<future_waiter*>(w->take_next());
    if (is_answered_for) *is_answered_for |= w->is_answerable();
    w->fire(*this);
    w = next;
  }
}

// Taken only where several wait for one future, so futures share them.
rt::futex_mutex& future_core::waiters_mutex() const noexcept {
  static constinit std::array<rt::futex_mutex, 64> mutexes;
  return mutexes[reinterpret_cast<std::uintptr_t>(this) / alignof(std::max_align_t) % mutexes.size()];
}

bool future_core::cancel(std::string_view message) {
  if (!begin_completion()) return false;
  publish_cancelled(message);
  return true;
}

bool future_core::add_waiter(future_waiter& w) noexcept { return waiters_.add(w, waiters_mutex()); }

bool future_core::remove_waiter(future_waiter& w) noexcept { return waiters_.remove(w, waiters_mutex()); }

std::size_t future_core::drop_waiters(bool (*match)(const future_waiter&, const void*) noexcept,
                                      const void* wanted) noexcept {
  auto* w = static_cast<future_waiter*>(waiters_.take_if(
      [&](const waiter_node& n) noexcept { return match(static_cast<const future_waiter&>(n), wanted); },
      waiters_mutex()));
  return drop_all(w);
}

// Under the mutex nobody is fired, so whoever stands in the list is still there.
void future_core::tell_waiters(awaiting_parties& to) const {
  waiters_.take_if(
      [&to](const waiter_node& n) {
        static_cast<const future_waiter&>(n).tell(to);
        return false;
      },
      waiters_mutex());
}

future_core::~future_core() { drop_all(static_cast<future_waiter*>(waiters_.close(waiters_mutex()))); }

std::size_t future_core::drop_all(future_waiter* first) noexcept {
  std::size_t n = 0;
  for (; first; ++n) {
    auto* const next = static_cast<future_waiter*>(first->take_next());
    first->drop();
    first = next;
  }
  return n;
}

std::exception_ptr future_core::take_notice() const noexcept {
  mark_seen();
  return status_.load(rt::relaxed) == status::succeeded ? nullptr
                                                        : failure();  // order: its caller knows that it is done
}

void future_core::rethrow_failure() const {
  if (!is_done()) throw InvalidStateError("Result is not set.");
  mark_seen();
  if (status_.load(rt::relaxed) == status::succeeded) return;  // order: as is_done() above
  if (failure()) std::rethrow_exception(failure());
  throw CancelledError();
}

std::string future_core::repr() const {
  std::string text = std::string("<") + type_name() + " ";
  text += is_cancelled() ? "cancelled" : is_done() ? "finished" : is_being_cancelled() ? "cancelling" : "pending";
  text += repr_details();
  if (has_failed()) text += " exception=" + represent(failure());
  if (has_origin_) text += created_at(dynamic_cast<const void*>(this));
  return text + ">";
}

void future_core::note_creation(bool is_noted) noexcept {
  has_origin_ = true;
  if (!is_noted) rt::origins::note(dynamic_cast<const void*>(this));
}

ExceptionContext future_core::problem(std::string message, const std::string& key) const {
  ExceptionContext context(std::move(message), has_failed() ? failure() : nullptr, {{key, repr()}});
  if (has_origin_) {
    std::string calls = source_traceback(dynamic_cast<const void*>(this));
    if (!calls.empty()) context.details.emplace("source_traceback", std::move(calls));
  }
  return context;
}

void future_core::report_unseen_exception() const noexcept {
  if (!has_failed() || exception_was_seen()) return;
  const ExceptionContext context = problem(std::string(type_name()) + " exception was never retrieved", "future");
  if (loop_state* own = loop()) {
    own->call_exception_handler(context);
  } else {
    report_problem(context);
  }
}

}  // namespace hocket
