// Task<T>: a counted handle to a coroutine that the loop runs. A copy is the same task; dropping every handle neither
// stops nor cancels it, for the loop holds it until it is done. Mirrors asyncio.Task.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/context.hpp>
#include <hocket/loop/coro.hpp>
#include <hocket/loop/future.hpp>
#include <hocket/loop/task_scope.hpp>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/coro/frame_pool.hpp>

namespace hocket {

struct FrameCallGraphEntry;
struct StackOptions;

/// What few tasks have: a scope, a name of their own, the message of a cancel, context variables.
struct task_extras {
  explicit task_extras(std::uint64_t id) noexcept : id(id) {}
  const std::uint64_t id;
  std::source_location where;  // written before the task starts, when the book of functions is full
  context_slot context;
  // guarded by task_core::extras_mutex()
  rt::counted_ptr<task_scope> scope;
  std::optional<std::string> name;
  std::string cancel_message;
};

/// What every task has besides its value: its name, its place among the tasks of its loop, its coroutine.
class task_core : public future_core, public rt::task_base, public rt::list_node<task_core> {
 public:
  bool cancel(std::string_view message) override;
  std::string cancel_message() const final;
  loop_state* loop() const noexcept final;
  rt::task_base* as_task() noexcept override { return this; }
  void describe(rt::running_task& out) const noexcept final;

  std::string name() const;
  void set_name(std::string name);
  std::uint64_t id() const noexcept;
  std::string coroutine() const { return coroutine_name(where()); }
  const std::source_location& where() const noexcept;

  /// The scope that this task must not outlive; null when there is none, or it has ended.
  rt::counted_ptr<task_scope> scope() const noexcept;

  /// What context variables are to its coroutine; null where nothing was ever set.
  context_state* peek_context() const noexcept {
    const task_extras* const e = extras();
    return e ? e->context.peek() : nullptr;
  }
  context_slot& context() { return make_extras().context; }

  /// Debug mode: its steps are timed, and it knows who made it. Before it is known to others.
  void begin_debug() noexcept {
    observe();
    note_creation(true);
  }

  static void* operator new(std::size_t size) { return rt::allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { rt::free_frame(p, size); }

 protected:
  task_core(rt::task_home& home, std::source_location where);
  ~task_core() override;

  /// Puts the task among those of its loop, which then holds it, and queues its first step.
  /// Eagerly: runs it in the calling code's place until it waits or ends, and throws the request to exit that it then
  /// ended with. Its coroutine is gone when the loop is closed, for which it throws RuntimeError.
  void start(bool eagerly = false);

  rt::task_base* finish(bool began) noexcept final;
  rt::task_base* run_observed(rt::worker* self) noexcept final;
  bool is_being_cancelled() const noexcept final { return cancelling() > 0; }

  /// Takes the coroutine's outcome and destroys its frame. Gives the exception, or null after the value was kept.
  virtual std::exception_ptr take_outcome(bool keep_value) noexcept = 0;

  std::exception_ptr& failure() noexcept final { return task_base::failure(); }

  const char* type_name() const noexcept override { return "Task"; }
  std::string repr_details() const override;

  /// For tasks that are given a scope before they start.
  void set_scope(rt::counted_ptr<task_scope> scope) { make_extras().scope = std::move(scope); }

 private:
  explicit task_core(rt::task_home& home) noexcept;

  class eager_step;

  loop_state& its_loop() const noexcept;
  void leave_scope() noexcept;
  void note_message(std::string_view message) noexcept final;
  void report_swallowed_cancel(loop_state& loop) const noexcept;

  task_extras* extras() const noexcept;
  task_extras& make_extras();
  rt::futex_mutex& extras_mutex() const noexcept;

  // The id, marked by its lowest bit; or the extras, once there are any, until the end.
  std::atomic<std::uintptr_t> id_or_extras_;
};

template <class T>
class task_state final : public task_core, public value_cell<T> {
 public:
  using handle = typename Coro<T>::handle;

  task_state(rt::task_home& home, handle root) : task_core(home, root.promise().where()) {
    root.promise().begin(*this, nullptr);
    set_root(root);
  }
  using task_core::set_scope;
  using task_core::start;

 private:
  std::exception_ptr take_outcome(bool keep_value) noexcept override {
    return take_outcome_of<T>(handle::from_address(take_root().address()), *this, keep_value);
  }
};

struct TaskOptions {
  std::string_view name = {};            // copied
  ContextRef context = {};               // it runs in this one itself; otherwise in a copy of its creator's
  std::optional<bool> eager_start = {};  // it runs at the call, until its first await that waits; see create_task
};

/// co_await of a task whose type is not known.
class any_task_wait : public future_wait {
 public:
  using future_wait::future_wait;
  void await_resume() { finish_wait(); }
};

/// A task of any type, as all_tasks() gives it.
class AnyTask {
 public:
  using value_type = void;
  AnyTask() = default;
  explicit AnyTask(rt::counted_ptr<task_core> core) noexcept : core_(std::move(core)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(core_); }
  task_core* state() const noexcept { return core_.get(); }
  bool done() const noexcept { return core_->is_done(); }
  bool cancelled() const noexcept { return core_->is_cancelled(); }
  bool cancel(std::string_view message = {}) const { return core_->cancel(message); }
  unsigned cancelling() const noexcept { return core_->cancelling(); }
  unsigned uncancel() const noexcept { return core_->uncancel(); }
  /// The exception, or null. Throws CancelledError; InvalidStateError when it is not done.
  std::exception_ptr exception() const { return exception_of(*core_); }
  std::string get_name() const { return core_->name(); }
  void set_name(std::string name) const { core_->set_name(std::move(name)); }
  std::string get_coro() const { return core_->coroutine(); }
  Context get_context() const { return Context(rt::counted_ptr<context_state>(&core_->context().get())); }
  EventLoop get_loop() const;
  /// As Task's.
  std::vector<FrameCallGraphEntry> get_stack(std::optional<int> limit = {}) const;
  void print_stack() const;
  void print_stack(const StackOptions& options) const;

  /// Waits for its end; throws what it failed with, drops its value.
  any_task_wait operator co_await() const { return any_task_wait(core_); }

  template <class F>
  DoneCallback add_done_callback(F fn, DoneCallbackOptions options = {}) const;
  std::size_t remove_done_callback(DoneCallback name) const { return hocket::remove_done_callback(*core_, name); }

  friend bool operator==(const AnyTask& a, const AnyTask& b) noexcept { return a.core_ == b.core_; }
  friend std::ostream& operator<<(std::ostream& out, const AnyTask& t) {
    return out << (t ? t.core_->repr() : "<no task>");
  }

 private:
  rt::counted_ptr<task_core> core_;
};

template <class T = void>
class Task : public future_handle<T, task_state<T>> {
 public:
  using future_handle<T, task_state<T>>::future_handle;

  /// How many cancel requests are not taken back. Mirrors Task.cancelling.
  unsigned cancelling() const { return this->the().cancelling(); }
  /// Takes back one cancel request; gives how many are left. Mirrors Task.uncancel.
  unsigned uncancel() const { return this->the().uncancel(); }

  std::string get_name() const { return this->the().name(); }
  void set_name(std::string name) const { this->the().set_name(std::move(name)); }

  /// Its context. Mirrors Task.get_context.
  Context get_context() const { return Context(rt::counted_ptr<context_state>(&this->the().context().get())); }

  /// The name of its coroutine function. Mirrors Task.get_coro, as far as a program may look into it.
  std::string get_coro() const { return this->the().coroutine(); }

  /// Calls `fn(task)` through the loop when it is done, soon if it is, in the context that is here now. Any thread.
  /// Mirrors Task.add_done_callback.
  template <class F>
  DoneCallback add_done_callback(F fn, DoneCallbackOptions options = {}) const;

  /// Where its coroutines stand, the outermost first, as far as they can be looked at: not while another worker has
  /// the task. At most `limit`, the innermost. Empty when it is done. Any thread. Mirrors Task.get_stack.
  std::vector<FrameCallGraphEntry> get_stack(std::optional<int> limit = {}) const;
  /// Writes that, or what the task failed with, as a Python traceback. Mirrors Task.print_stack.
  void print_stack() const { AnyTask(*this).print_stack(); }
  void print_stack(const StackOptions& options) const { AnyTask(*this).print_stack(options); }

  operator AnyTask() const { return AnyTask(this->state_); }
};

/// The task whose code calls, in a child of when_all the one that called it; empty outside of tasks. Mirrors
/// asyncio.current_task.
AnyTask current_task() noexcept;

}  // namespace hocket
