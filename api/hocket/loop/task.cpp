#include <hocket/loop/task.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <mutex>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/observed_step.hpp>
#include <hocket/loop/task_scope.hpp>
#include <hocket/loop/unhandled.hpp>
#include <hocket/rt/sched/hog_book.hpp>
#include <hocket/rt/sched/stall_probe.hpp>

namespace hocket {
namespace {

std::uint64_t next_task_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, rt::relaxed) + 1;  // order: a number
}

// A cancel of a serial loop's task that came from elsewhere: the loop itself carries it out.
class remote_cancel final : public rt::runnable {
 public:
  remote_cancel(rt::counted_ptr<task_core> task, std::string_view message)
      : task_(std::move(task)), message_(message) {}

 private:
  void run() noexcept override {
    const std::unique_ptr<remote_cancel> self(this);
    task_->cancel(message_);
  }

  rt::counted_ptr<task_core> task_;
  std::string message_;
};

// Whatever is not a part of another task has a state of its own.
task_core* core_of(rt::task_base* t) noexcept { return t ? static_cast<task_core*>(&t->whole_task()) : nullptr; }

}  // namespace

task_core::task_core(rt::task_home& home) noexcept : task_base(home), id_or_extras_(next_task_id() << 1 | 1) {
  if (is_exclusive()) home.hold();
}

// By way of the other constructor: after it, whatever throws here, the destructor gives back what is held.
task_core::task_core(rt::task_home& home, std::source_location where) : task_core(home) {
  const std::uint16_t number = rt::hog_book::id_of(where);
  set_function(number, number != rt::hog_book::nobody && home.may_defer());
  if (number == rt::hog_book::nobody) make_extras().where = where;
  // A task that is created inside a `parallel` belongs to it.
  if (const task_core* creator = core_of(rt::current_task())) {
    if (auto scope = creator->scope()) set_scope(std::move(scope));
  }
  if (auto context = copy_of_current_context()) make_extras().context.use(std::move(context));
}

task_core::~task_core() {
  report_unseen_exception();
  delete extras();
  if (is_exclusive()) home().let_go();
}

// A task's step within create_task, on this thread. A request to exit leaves by that call, as it leaves CPython's
// Task.__eager_start, and ends the run if nobody stops it on its way.
class task_core::eager_step {
 public:
  explicit eager_step(task_core& t) noexcept : task_(t), outer_(std::exchange(innermost, this)) {}
  eager_step(const eager_step&) = delete;
  eager_step& operator=(const eager_step&) = delete;
  ~eager_step() { innermost = outer_; }

  void run() {
    task_.run_now();
    if (exit_request_) std::rethrow_exception(std::move(exit_request_));
  }

  /// False when it is not in such a step: then the request is the run's.
  static bool takes(const task_core& t, const std::exception_ptr& exit_request) noexcept {
    if (!innermost || &innermost->task_ != &t) return false;
    innermost->exit_request_ = exit_request;
    return true;
  }

 private:
  static inline constinit thread_local eager_step* innermost = nullptr;

  task_core& task_;
  eager_step* const outer_;
  std::exception_ptr exit_request_;
};

void task_core::start(bool eagerly) {
  if (!its_loop().add_task(*this)) {
    take_root().destroy();
    throw RuntimeError("Event loop is closed");
  }
  if (const auto s = scope()) s->enter();  // who makes a task of a scope is in it
  if (eagerly) {
    eager_step(*this).run();
  } else {
    schedule();
  }
}

bool task_core::cancel(std::string_view message) {
  if (is_done()) return false;
  if (is_serial() && home().is_turning_elsewhere()) {
    home().post(*new remote_cancel(rt::counted_ptr<task_core>(this), message));
    return true;
  }
  return task_base::cancel(message);
}

rt::task_base* task_core::finish(bool began) noexcept {
  loop_state& loop = its_loop();  // the home of a task that is done may be gone
  const bool cancelled = mark_done() || !began;
  std::exception_ptr error = take_outcome(!cancelled);
  // As in Task.__step: an owed cancel wins over a value, not over an exception; a request to exit ends the run.
  std::uint64_t ended_run = 0;
  if (error) {
    const error_kind kind = kind_of(error);
    if (kind == error_kind::exit_request && !eager_step::takes(*this, error)) ended_run = loop.note_escape(error);
    if (kind == error_kind::cancelled) {
      publish_cancelled(std::move(error));
    } else {
      bool is_answered_for = false;
      publish_exception(std::move(error), &is_answered_for);
      if (!is_answered_for && kind != error_kind::exit_request && loop.on_unhandled() != OnUnhandled::at_last_handle) {
        see_to_unhandled(loop, *this);
      }
    }
  } else if (cancelled) {
    publish_cancelled(cancel_message());
  } else {
    publish_value();
    if (is_observed()) report_swallowed_cancel(loop);
  }
  if (ended_run != 0) loop.stop_for(ended_run);
  leave_scope();
  loop.remove_task(*this);  // the loop may be gone after this
  release_ref();            // the loop's
  return nullptr;
}

rt::task_base* task_core::run_observed(rt::worker* self) noexcept {
  const observed_step step(*this);
  return run_until_stop(self);
}

// It had its value, so no request was left that would still have come out of an await.
void task_core::report_swallowed_cancel(loop_state& loop) const noexcept {
  if (cancelling() == 0 || !loop.debug()) return;
  loop.call_exception_handler(problem("Task was cancelled, swallowed that, and ended normally", "task"));
}

loop_state& task_core::its_loop() const noexcept { return *static_cast<loop_state*>(home().owner()); }

// Until others see that it is done, the loop has it, and so is there.
loop_state* task_core::loop() const noexcept { return is_done() ? nullptr : &its_loop(); }

// --- id and extras ---

task_extras* task_core::extras() const noexcept {
  const std::uintptr_t word = id_or_extras_.load(rt::acquire);  // order: E1
  return word & 1 ? nullptr : reinterpret_cast<task_extras*>(word);
}

std::uint64_t task_core::id() const noexcept {
  const std::uintptr_t word = id_or_extras_.load(rt::acquire);  // order: E1
  return word & 1 ? word >> 1 : reinterpret_cast<const task_extras*>(word)->id;
}

task_extras& task_core::make_extras() {
  if (task_extras* const there = extras()) return *there;
  auto fresh = std::make_unique<task_extras>(id());
  std::uintptr_t word = fresh->id << 1 | 1;
  // order: E1: publishes what was made to extras() and id(); or acquires what another thread made.
  if (id_or_extras_.compare_exchange_strong(word, reinterpret_cast<std::uintptr_t>(fresh.get()), rt::acq_rel,
                                            rt::acquire)) {
    return *fresh.release();
  }
  return *reinterpret_cast<task_extras*>(word);
}

// Names and messages are rare, so tasks share locks for them.
rt::futex_mutex& task_core::extras_mutex() const noexcept {
  static constinit std::array<rt::futex_mutex, 64> mutexes;  // constinit: describe() is called in signal handlers
  return mutexes[reinterpret_cast<std::uintptr_t>(this) / alignof(std::max_align_t) % mutexes.size()];
}

const std::source_location& task_core::where() const noexcept {
  return function() != rt::hog_book::nobody ? rt::hog_book::record(function()).where() : extras()->where;
}

rt::counted_ptr<task_scope> task_core::scope() const noexcept {
  const task_extras* const e = extras();
  if (!e) return nullptr;
  const std::lock_guard guard(extras_mutex());
  return e->scope;
}

void task_core::leave_scope() noexcept {
  task_extras* const e = extras();
  if (!e) return;
  rt::counted_ptr<task_scope> left;
  {
    const std::lock_guard guard(extras_mutex());
    left = std::move(e->scope);
  }
  if (left) left->leave();
}

std::string task_core::name() const {
  if (const task_extras* const e = extras()) {
    const std::lock_guard guard(extras_mutex());
    if (e->name) return *e->name;
  }
  return "Task-" + std::to_string(id());
}

void task_core::set_name(std::string name) {
  task_extras& e = make_extras();
  const std::lock_guard guard(extras_mutex());
  e.name = std::move(name);
}

std::string task_core::cancel_message() const {
  const task_extras* const e = extras();
  if (!e) return {};
  const std::lock_guard guard(extras_mutex());
  return e->cancel_message;
}

void task_core::note_message(std::string_view message) noexcept {
  if (message.empty() && !extras()) return;
  task_extras& e = make_extras();
  const std::lock_guard guard(extras_mutex());
  e.cancel_message = message;
}

std::string task_core::repr_details() const {
  return " name='" + name() + "' coro=<" + coroutine() + "() " + (is_done() ? "done" : "running") + ", defined at " +
         where().file_name() + ":" + std::to_string(where().line()) + ">";
}

void task_core::describe(rt::running_task& out) const noexcept {
  out.function = where().function_name();
  out.file = where().file_name();
  out.line = where().line();
  if (const task_extras* const e = extras()) {
    // The lock may be held by the code that was interrupted.
    const std::unique_lock lock(extras_mutex(), std::try_to_lock);
    if (!lock) return;
    if (e->name) {
      const std::size_t n = std::min(e->name->size(), out.name.size() - 1);
      std::copy_n(e->name->data(), n, out.name.data());
      return;
    }
  }
  char* end = std::copy_n("Task-", 5, out.name.data());
  std::to_chars(end, out.name.data() + out.name.size() - 1, id());
}

AnyTask current_task() noexcept { return AnyTask(rt::counted_ptr<task_core>(core_of(rt::current_task()))); }

}  // namespace hocket
