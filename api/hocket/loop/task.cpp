#include <hocket/loop/task.hpp>

#include <algorithm>
#include <charconv>
#include <mutex>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/task_scope.hpp>
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
      : runnable(&remote_cancel::carry_out), task_(std::move(task)), message_(message) {}

 private:
  static void carry_out(rt::runnable& r) noexcept {
    const std::unique_ptr<remote_cancel> self(static_cast<remote_cancel*>(&r));
    self->task_->cancel(self->message_);
  }

  rt::counted_ptr<task_core> task_;
  std::string message_;
};

// Whatever is not a part of another task has a state of its own.
task_core* core_of(rt::task_base* t) noexcept { return t ? static_cast<task_core*>(&t->whole_task()) : nullptr; }

}  // namespace

task_core::task_core(loop_state& loop, rt::task_home& home, std::source_location where)
    : future_core(&loop), task_base(home), id_(next_task_id()), where_(where) {
  if (is_serial()) home.hold();
  if (home.may_defer()) set_function(rt::hog_book::id_of(where));
  // A task that is created inside a `parallel` belongs to it.
  if (const task_core* creator = core_of(rt::current_task())) scope_ = creator->scope_;
}

task_core::~task_core() {
  report_unseen_exception();
  if (is_serial()) home().let_go();
}

void task_core::start() {
  if (scope_) scope_->enter();
  loop()->add_task(*this);
  schedule();
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
  const bool cancelled = mark_done() || !began;
  std::exception_ptr error = take_outcome(!cancelled);
  // As in Task.__step: an owed cancel wins over a value, not over an exception.
  if (error && !is_cancelled_error(error)) {
    publish_exception(std::move(error));
  } else if (cancelled || error) {
    publish_cancelled(cancel_message());
  } else {
    publish_value();
  }
  if (scope_) std::exchange(scope_, nullptr)->leave();
  loop_state* const its_loop = loop();
  forget_loop();
  its_loop->remove_task(*this);  // the loop may be gone after this
  release_ref();                 // the loop's
  return nullptr;
}

std::string task_core::name() const {
  const std::lock_guard guard(name_mutex());
  return name_ ? *name_ : "Task-" + std::to_string(id_);
}

void task_core::set_name(std::string name) {
  const std::lock_guard guard(name_mutex());
  name_ = std::make_unique<std::string>(std::move(name));
}

rt::futex_mutex& task_core::name_mutex() {
  static rt::futex_mutex mutex;
  return mutex;
}

std::string task_core::repr_details() const {
  return " name='" + name() + "' coro=<" + coroutine() + "() " + (is_done() ? "done" : "running") + ", defined at " +
         where_.file_name() + ":" + std::to_string(where_.line()) + ">";
}

void task_core::describe(rt::running_task& out) const noexcept {
  out.function = where_.function_name();
  out.file = where_.file_name();
  out.line = where_.line();
  // The lock may be held by the code that was interrupted.
  const std::unique_lock lock(name_mutex(), std::try_to_lock);
  if (!lock) return;
  if (name_) {
    const std::size_t n = std::min(name_->size(), out.name.size() - 1);
    std::copy_n(name_->data(), n, out.name.data());
    return;
  }
  char* end = std::copy_n("Task-", 5, out.name.data());
  std::to_chars(end, out.name.data() + out.name.size() - 1, id_);
}

AnyTask current_task() noexcept { return AnyTask(rt::counted_ptr<task_core>(core_of(rt::current_task()))); }

}  // namespace hocket
