#include <hocket/loop/gather.hpp>

namespace hocket {

gather_core::gather_core(loop_state* loop, std::size_t children, on_failure mode)
    : loop_(loop), serial_home_(loop ? loop->serial_home_here() : nullptr), left_(children), mode_(mode) {
  children_.reserve(children);
}

gather_core::~gather_core() { report_unseen_exception(); }

gather_core::listener::listener(gather_core& g, rt::counted_ptr<future_core> f) noexcept
    : gather(g), future(std::move(f)) {}

void gather_core::listener::fire(future_core&) noexcept {
  if (rt::task_home* const home = gather.serial_home_) {
    home->post(*this);
  } else {
    gather.child_done(*this);
  }
}

void gather_core::listen() {
  if (children_.empty()) {
    begin_completion();
    collect();
    publish_value();
    return;
  }
  // Those that are done already take no turn, and come after all others are listened to, as in CPython 3.12 and later.
  std::vector<listener*> done;
  for (listener& l : children_) {
    add_ref();  // held until the child is done
    if (!l.future->add_waiter(l)) done.push_back(&l);
  }
  for (listener* l : done) child_done(*l);
}

// Gather's _done_callback. A child that was cancelled is a failure, too.
void gather_core::child_done(listener& l) noexcept {
  const std::exception_ptr failure = failure_of(*l.future);
  bool is_first = false;
  if (failure && mode_ == on_failure::cancel_siblings && !has_failed_.exchange(true, rt::relaxed)) {  // order: below
    is_first = true;
    first_failure_ = failure;
  }
  // order: G1: what the children left, first_failure_ included, is seen by the last; pairs with itself.
  const bool last = left_.fetch_sub(1, rt::acq_rel) == 1;
  if (is_first && !last) cancel_others(l);
  if (failure && mode_ == on_failure::end_at_once) {
    if (begin_completion()) publish_exception(failure);
  } else if (last && begin_completion()) {
    end_with_values();
  }
  release_ref();
}

void gather_core::end_with_values() noexcept {
  if (first_failure_) return publish_exception(first_failure_);
  // order: G2: pairs with the store in cancel(). A child swallowed the request, or its end was made a value; the gather
  // is cancelled all the same.
  if (cancel_requested_.load(rt::acquire)) return publish_exception(std::make_exception_ptr(CancelledError()));
  try {
    collect();
  } catch (...) {
    return publish_exception(std::current_exception());
  }
  publish_value();
}

void gather_core::cancel_others(const listener& l) noexcept {
  for (listener& other : children_) {
    if (other.future != l.future) other.future->cancel("");
  }
}

std::exception_ptr failure_of(const future_core& f) {
  std::exception_ptr e = f.take_notice();
  if (!e && f.is_cancelled()) e = std::make_exception_ptr(CancelledError());
  return e;
}

bool gather_core::cancel(std::string_view message) {
  if (is_done()) return false;
  bool any = false;
  for (listener& l : children_) any = l.future->cancel(message) || any;
  if (any) cancel_requested_.store(true, rt::release);  // order: G2
  return any;
}

}  // namespace hocket
