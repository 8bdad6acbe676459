#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/shield.hpp>

namespace hocket {

shield_link::shield_link(loop_state& loop) noexcept : loop_(&loop), serial_home_(loop.serial_home_here()) {}

void shield_link::begin(future_core& inner) {
  if (inner.add_waiter(*this)) return;
  inner_ = rt::counted_ptr<future_core>(&inner);
  pass_on();  // asyncio gives the inner future itself: the outer is done at once as well
}

void shield_link::fire(future_core& inner) noexcept {
  inner_ = rt::counted_ptr<future_core>(&inner);
  if (outer().is_cancelled()) {
    report_abandoned();
    delete this;
  } else if (!loop_state::queue_turn(serial_home_, *this)) {  // its turn, as CPython's callback
    pass_on();
  }
}

void shield_link::tell(awaiting_parties& to) const { to.add_those_of(outer()); }

// When the outer is cancelled while this waits for its turn, the inner's exception stays one that nobody has seen.
void shield_link::pass_on() noexcept {
  if (!outer().is_done()) {
    if (inner_->is_cancelled()) {
      outer().cancel("");
    } else if (inner_->has_failed()) {
      if (outer().begin_completion()) outer().publish_exception(inner_->take_notice());
    } else {
      try {
        pass_value();
      } catch (...) {  // what copies the value threw
        if (outer().begin_completion()) outer().publish_exception(std::current_exception());
      }
    }
  }
  delete this;
}

// Several abandoned shields of one future fire one after the other: the first that finds the exception unseen reports.
void shield_link::report_abandoned() const noexcept {
  if (!inner_->has_failed() || inner_->exception_was_seen()) return;
  const std::exception_ptr e = inner_->take_notice();
  try {
    loop_->call_soon([inner = inner_, e] {
      const std::string text = represent(e);
      report_problem(text.substr(0, text.find('(')) + " exception in shielded future", "future: " + inner->repr(), e);
    });
  } catch (...) {
    report_problem("an exception in a shielded future", "future: " + inner_->repr(), e);
  }
}

}  // namespace hocket
