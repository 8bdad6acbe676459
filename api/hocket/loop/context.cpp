#include <hocket/loop/context.hpp>

#include <hocket/loop/coro.hpp>

namespace hocket {

context_state& Context::entered::claim(context_state& state) {
  if (!state.enter()) {
    throw RuntimeError("cannot enter context: <_contextvars.Context object at " + address_text(&state) +
                       "> is already entered");
  }
  return state;
}

Context::entered::entered(context_state& state) : state_(claim(state)), scope_(slot_) {
  slot_.use(rt::counted_ptr<context_state>(&state));
}

std::ostream& operator<<(std::ostream& out, const Context& c) {
  return out << "<_contextvars.Context object at " << address_text(c.state()) << ">";
}

std::function<void()> in_context(ContextRef context, std::function<void()> fn) {
  return [held = rt::counted_ptr<context_state>(context.state()), fn = std::move(fn)] {
    context_slot slot;
    slot.use(held);
    const context_scope scope(slot);
    fn();
  };
}

Context copy_context() {
  const context_state* const here = peek_current_context();
  return Context(context_state::make(here ? here->map() : context_map()));
}

}  // namespace hocket
