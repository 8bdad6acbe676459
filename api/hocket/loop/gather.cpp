#include <hocket/loop/gather.hpp>

namespace hocket {

gather_core::gather_core(loop_state* loop, std::size_t children)
    : future_core(loop), serial_home_(loop ? loop->serial_home_here() : nullptr), left_(children) {
  children_.reserve(children);
}

gather_core::~gather_core() { report_unseen_exception(); }

gather_core::listener::listener(gather_core& g, rt::counted_ptr<future_core> f) noexcept
    : runnable([](rt::runnable& r) noexcept {
        auto& self = static_cast<listener&>(r);
        self.gather.child_done(self);
      }),
      gather(g),
      future(std::move(f)) {}

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

// Gather's _done_callback: the first failure is the outcome; a child that was cancelled is one, too.
void gather_core::child_done(listener& l) noexcept {
  future_core& f = *l.future;
  std::exception_ptr failure;
  try {
    f.rethrow_failure();  // marks it as seen
  } catch (...) {
    failure = std::current_exception();
  }
  // order: G1: the children's values are seen by the one that collects; pairs with itself.
  const bool last = left_.fetch_sub(1, rt::acq_rel) == 1;
  if (failure) {
    if (begin_completion()) publish_exception(std::move(failure));
  } else if (last && begin_completion()) {
    if (cancel_requested_.load(rt::acquire)) {  // order: G2: pairs with the store in cancel()
      // A child swallowed the request; the gather is cancelled all the same.
      publish_exception(std::make_exception_ptr(CancelledError()));
    } else {
      try {
        collect();
        publish_value();
      } catch (...) {
        publish_exception(std::current_exception());
      }
    }
  }
  release_ref();
}

gather_any::gather_any(loop_state* loop, const std::vector<AnyTask>& tasks)
    : gather_core(loop, tasks.size()), count_(tasks.size()) {
  for (const AnyTask& t : tasks) add_child(rt::counted_ptr<future_core>(t.state()));
}

GatherFuture<gather_any, std::vector<std::monostate>> gather(const std::vector<AnyTask>& tasks) {
  loop_state* loop = loop_state::running_here();
  if (!loop && !tasks.empty()) loop = tasks.front().state()->loop();
  auto g = rt::counted_ptr<gather_any>::adopt(new gather_any(loop, tasks));
  g->listen();
  return GatherFuture<gather_any, std::vector<std::monostate>>(std::move(g));
}

bool gather_core::cancel(std::string_view message) {
  if (is_done()) return false;
  bool any = false;
  for (listener& l : children_) any = l.future->cancel(message) || any;
  if (any) cancel_requested_.store(true, rt::release);  // order: G2
  return any;
}

}  // namespace hocket
