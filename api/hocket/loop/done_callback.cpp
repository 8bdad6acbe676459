#include <hocket/loop/done_callback.hpp>

namespace hocket {
namespace {

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, rt::relaxed) + 1;  // order: a number
}

}  // namespace

done_callback::done_callback(loop_state& loop, DoneCallbackOptions options)
    : loop_(&loop), id_(next_id()), is_given_context_(static_cast<bool>(options.context)) {
  if (is_given_context_) {
    context_.use(rt::counted_ptr<context_state>(options.context.state()));
  } else if (auto context = copy_of_current_context()) context_.use(std::move(context));
}

void done_callback::fire(future_core& f) noexcept {
  if (!loop_->is_closed()) {
    const context_scope scope(context_);  // the queue takes a copy of this one, unless it was given
    try {
      rt::counted_ptr<context_state> given(is_given_context_ ? context_.peek() : nullptr);
      // A loop that is closed meanwhile drops it, too.
      (void)loop_->try_call_soon(bind(f), std::source_location::current(), std::move(given));
    } catch (...) {
      report_problem("A done callback could not be queued", "", std::current_exception());
    }
  }
  delete this;
}

loop_state& loop_for_callbacks(const future_core& f) {
  loop_state* loop = f.loop();
  if (!loop) loop = loop_state::running_here();
  if (!loop) throw RuntimeError("no running event loop");
  return *loop;
}

std::size_t remove_done_callback(future_core& f, DoneCallback name) noexcept {
  return f.drop_waiters(
      [](const future_waiter& w, const void* wanted) noexcept {
        const auto* c = dynamic_cast<const done_callback*>(&w);
        return c && c->id() == static_cast<const DoneCallback*>(wanted)->id();
      },
      &name);
}

}  // namespace hocket
