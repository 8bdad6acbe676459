#include <hocket/loop/unhandled.hpp>

#include <cstdlib>
#include <memory>

#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/task.hpp>

namespace hocket {
namespace {

constexpr rt::nanos patience = 100 * rt::nanos_per_ms;  // for those who are about to await it, in the parallel door

// Looks when it is called, or when the loop drops its callbacks. The loop is there: this is a callback of it.
class unhandled_check {
 public:
  unhandled_check(loop_state& loop, task_core& task) noexcept : loop_(loop), task_(&task) {}
  unhandled_check(const unhandled_check&) = delete;
  unhandled_check& operator=(const unhandled_check&) = delete;
  ~unhandled_check() { look(); }

  void look() noexcept {
    if (const auto task = std::move(task_); task && !task->exception_was_seen()) report(*task);
  }

 private:
  void report(task_core& task) const noexcept {
    const ExceptionContext context = task.problem("Unhandled exception in a task that nobody waits for", "task");
    if (is_exit_request(context.exception)) return;
    switch (loop_.on_unhandled()) {
      case OnUnhandled::at_last_handle:
        return;  // asked for since then
      case OnUnhandled::log:
        write_default_report(context);
        break;
      case OnUnhandled::handler:
        loop_.call_exception_handler(context);
        break;
      case OnUnhandled::abort:
        write_default_report(context);
        std::abort();
    }
    task.mark_seen();
  }

  loop_state& loop_;
  rt::counted_ptr<task_core> task_;
};

}  // namespace

void see_to_unhandled(loop_state& loop, task_core& task) noexcept {
  try {
    const auto check = std::make_shared<unhandled_check>(loop, task);
    if (task.is_serial()) {
      loop.try_call_soon([check] { check->look(); });
    } else {
      loop.call_at(loop.now() + patience, [check] { check->look(); });
    }
  } catch (...) {
    // The loop is closed, or memory is out: the check looked when it was dropped, or is not missed.
  }
}

}  // namespace hocket
