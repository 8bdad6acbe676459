#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/gather.hpp>

namespace hocket {

gather_core::gather_core(loop_state* loop, std::size_t children, on_failure mode)
    : loop_(loop), serial_home_(loop ? loop->serial_home_here() : nullptr), left_(children), mode_(mode) {
  children_.reserve(children);
  if (loop && loop->debug()) note_creation();
}

gather_core::~gather_core() { report_unseen_exception(); }

gather_core::listener::listener(gather_core& g, rt::counted_ptr<future_core> f) noexcept
    : gather(g), future(std::move(f)) {}

void gather_core::listener::fire(future_core&) noexcept {
  if (!loop_state::queue_turn(gather.serial_home_, *this)) gather.child_done(*this);
}

void gather_core::listener::tell(awaiting_parties& to) const { to.add_those_of(gather); }

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
  // A child swallowed the request, or its end was made a value; the gather is cancelled all the same.
  // order: G2: a place among the requests; who counts one before it is heard, who comes later is refused.
  if (requests_.fetch_or(settled, rt::relaxed) != 0) return publish_exception(cancelled_error());
  try {
    collect();
  } catch (...) {
    return publish_exception(std::current_exception());
  }
  publish_value();
}

// As in CPython, that of the last child in argument order, whose message it brings along.
std::exception_ptr gather_core::cancelled_error() const {
  const future_core& last = *children_.back().future;
  return last.is_cancelled() ? failure_of(last) : std::make_exception_ptr(CancelledError());
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

// The request counts before the children hear of it: the last of them may end at once, here or on another worker. True
// only when the gather will end as cancelled, or with a child's failure.
bool gather_core::cancel(std::string_view message) {
  if (is_done()) return false;
  if (requests_.fetch_add(one_request, rt::relaxed) & settled) return false;  // order: G2
  bool any = false;
  for (listener& l : children_) any = l.future->cancel(message) || any;
  if (any) return true;
  // Every child had ended: the request is taken back, unless the end has heard of it meanwhile.
  return requests_.fetch_sub(one_request, rt::relaxed) & settled;  // order: G2
}

}  // namespace hocket
