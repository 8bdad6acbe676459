#include <hocket/loop/task_group.hpp>

#include <mutex>
#include <vector>

#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/futex.hpp>

namespace hocket {

// In the parallel door the group's tasks end on any worker. The request to cancel the parent is made under the mutex,
// together with the note that it was: leave() takes back exactly what was asked. Task hooks never take this mutex. The
// tasks are asked first, as in CPython: who waits for the same as one of them is woken before the parent.
class task_group_core {
 public:
  explicit task_group_core(rt::task_base& parent, loop_state& loop) : parent_(parent), loop_(loop) {}

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: Y1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

  void check_open() const {
    const std::lock_guard guard(mutex_);
    if (exiting_ && members_.empty()) throw RuntimeError("TaskGroup " + repr_locked() + " is finished");
    if (aborting_) throw RuntimeError("TaskGroup " + repr_locked() + " is shutting down");
  }

  void adopt(task_core& task) {
    auto* m = new member(*this, task);
    add_ref();  // the member's
    bool cancel_now = false;
    {
      const std::lock_guard guard(mutex_);
      members_.push_back(*m);
      cancel_now = aborting_;
    }
    if (cancel_now) task.cancel("");
    if (!task.add_waiter(*m)) m->fire(task);
  }

  void cancel() {
    abort_once();
    cancel_parent();
  }

  Coro<> leave(std::exception_ptr error) {
    std::exception_ptr cancelled = begin_exit(error);
    pass_on_persistent_cancel();
    const rt::cancel_pause pause(parent_);  // the tasks have been told, and this waits until they have ended
    for (;;) {
      const std::optional<Future<>> empty = wait_ticket();
      if (!empty) break;
      std::exception_ptr interrupted;
      try {
        co_await *empty;
      } catch (...) {
        interrupted = std::current_exception();
      }
      if (!interrupted) continue;
      if (abort_once()) cancelled = interrupted;
      parent_.pause_persistent_cancel(false);
      pass_on_persistent_cancel();
      parent_.pause_persistent_cancel(true);
    }
    if (const std::exception_ptr e = outcome(std::move(error), std::move(cancelled))) std::rethrow_exception(e);
  }

 private:
  struct member final : future_waiter, rt::runnable, rt::list_node<member> {
    member(task_group_core& g, task_core& t) : group(g), task(&t) {}
    // In a serial loop it takes its turn in the ready queue, as CPython's done callback does.
    void fire(future_core&) noexcept override {
      if (rt::task_home& home = group.parent_.home(); home.is_serial()) {
        home.post(*this);
      } else {
        run();
      }
    }
    void run() noexcept override {
      task_group_core& its_group = group;
      its_group.member_done(*this);
      delete this;
      its_group.release_ref();
    }
    // The parent stays until its group is empty.
    void tell(awaiting_parties& to) const override { to.add(group.parent_); }
    task_group_core& group;
    rt::counted_ptr<task_core> task;
  };

  ~task_group_core() = default;

  std::exception_ptr begin_exit(const std::exception_ptr& error) {
    {
      const std::lock_guard guard(mutex_);
      exiting_ = true;
      if (is_exit_request(error) && !base_error_) base_error_ = error;
    }
    if (error) abort_once();
    return is_cancelled_error(error) ? error : nullptr;
  }

  // What to wait for, or nothing when no task is left.
  std::optional<Future<>> wait_ticket() {
    const std::lock_guard guard(mutex_);
    if (members_.empty()) return std::nullopt;
    if (!empty_ || empty_->done()) empty_ = create_future<void>(loop_);
    return empty_;
  }

  // Cancels every task, the first time. True when it was.
  bool abort_once() {
    std::vector<rt::counted_ptr<task_core>> tasks;
    {
      const std::lock_guard guard(mutex_);
      if (aborting_ || left_) return false;
      aborting_ = true;
      tasks = tasks_locked();
    }
    for (const auto& t : tasks) t->cancel("");
    return true;
  }

  // What persists for the parent, the running task, does for the group's tasks, which end before it.
  void pass_on_persistent_cancel() {
    if (!parent_.is_cancelled_persistently()) return;
    std::vector<rt::counted_ptr<task_core>> tasks;
    {
      const std::lock_guard guard(mutex_);
      tasks = tasks_locked();
    }
    for (const auto& t : tasks) {
      if (!t->inherits_cancel()) t->cancel_persistently("", true);
    }
  }

  std::vector<rt::counted_ptr<task_core>> tasks_locked() {
    std::vector<rt::counted_ptr<task_core>> tasks;
    for (member* m = members_.front(); m; m = members_.next(*m)) tasks.push_back(m->task);
    return tasks;
  }

  // Unless it has left, or was asked before.
  void cancel_parent() {
    const std::lock_guard guard(mutex_);
    if (!left_ && !std::exchange(parent_cancel_requested_, true)) parent_.cancel();
  }

  // TaskGroup._on_task_done.
  void member_done(member& m) noexcept {
    std::optional<Future<>> emptied;
    bool aborts = false;
    {
      const std::lock_guard guard(mutex_);
      members_.erase(m);
      if (members_.empty()) emptied = std::exchange(empty_, std::nullopt);
      const std::exception_ptr error = m.task->is_cancelled() ? nullptr : m.task->take_notice();
      if (error) {
        errors_.push_back(error);
        if (is_exit_request(error) && !base_error_) base_error_ = error;
        aborts = !parent_cancel_requested_;
      }
    }
    if (emptied) emptied->try_set_result();
    if (aborts && abort_once()) cancel_parent();
  }

  // The end of TaskGroup.__aexit__. No task is left, so nobody else touches the state.
  std::exception_ptr outcome(std::exception_ptr error, std::exception_ptr cancelled) {
    const std::lock_guard guard(mutex_);
    left_ = true;
    if (base_error_) return base_error_;
    if (parent_cancel_requested_ && parent_.uncancel() == 0) cancelled = nullptr;
    if (cancelled && errors_.empty()) return cancelled;
    if (error && !is_cancelled_error(error)) errors_.push_back(error);
    if (errors_.empty()) return nullptr;
    // Cancelled from outside as well: the group's errors go first, and the request stays for the next await.
    if (parent_.cancelling() > 0) {
      parent_.uncancel();
      parent_.cancel();
    }
    return make_exception_group("unhandled errors in a TaskGroup", std::move(errors_));
  }

  std::string repr_locked() const {
    std::string text = "<TaskGroup";
    if (!members_.empty()) text += " tasks=" + std::to_string(members_.size());
    if (!errors_.empty()) text += " errors=" + std::to_string(errors_.size());
    text += aborting_ ? " cancelling" : " entered";
    return text + ">";
  }

  rt::task_base& parent_;
  loop_state& loop_;
  mutable rt::futex_mutex mutex_;
  rt::counted_list<member> members_;  // guarded by mutex_, as is all below
  std::vector<std::exception_ptr> errors_;
  std::exception_ptr base_error_;
  std::optional<Future<>> empty_;
  bool exiting_ = false;
  bool aborting_ = false;
  bool parent_cancel_requested_ = false;
  bool left_ = false;
  mutable std::atomic<std::uint32_t> refs_{1};
};

TaskGroup::TaskGroup(rt::counted_ptr<task_group_core> core) : core_(std::move(core)) {}
TaskGroup::TaskGroup(TaskGroup&&) noexcept = default;
TaskGroup::~TaskGroup() = default;

TaskGroup TaskGroup::enter() {
  rt::task_base* parent = rt::current_task();
  if (!parent) throw RuntimeError("TaskGroup cannot determine the parent task");
  return TaskGroup(rt::counted_ptr<task_group_core>::adopt(new task_group_core(*parent, running_loop())));
}

Coro<> TaskGroup::leave(std::exception_ptr error) const { return core_->leave(std::move(error)); }

void TaskGroup::cancel() const { core_->cancel(); }

void TaskGroup::check_open() const { core_->check_open(); }

void TaskGroup::adopt(task_core* task) const { core_->adopt(*task); }

}  // namespace hocket
