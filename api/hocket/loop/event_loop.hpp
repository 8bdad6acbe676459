// EventLoop: a counted handle to a loop. A copy is the same loop; the last handle closes it.
//
// `run` and `Runner` make their own; this is for programs that hold a loop in their hands, as older asyncio programs
// do. Mirrors asyncio.AbstractEventLoop, new_event_loop, get_event_loop, set_event_loop, get_running_loop.
#pragma once

#include <functional>
#include <ostream>
#include <utility>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/loop/loop_state.hpp>

namespace hocket {

/// What call_soon and call_later give: cancel() keeps the callback from being called. Mirrors asyncio.Handle.
class Handle {
 public:
  explicit Handle(rt::counted_ptr<callback> c) noexcept : callback_(std::move(c)) {}
  void cancel() const { callback_->cancel(); }
  bool cancelled() const { return callback_->cancelled(); }

 private:
  rt::counted_ptr<callback> callback_;
};

class EventLoop {
 public:
  EventLoop() = default;
  explicit EventLoop(rt::counted_ptr<loop_state> state) noexcept : state_(std::move(state)) {}

  /// So that `loop->create_task(...)` and `loop.create_task(...)` are the same.
  const EventLoop* operator->() const noexcept { return this; }
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  loop_state& state() const;

  /// Runs until the coroutine, task or future is done and gives its result. Other tasks stay pending when it returns.
  /// Not from within a loop. Throws what it ended with; RuntimeError when the loop runs or is closed. Mirrors
  /// run_until_complete.
  template <class T>
  T run_until_complete(Coro<T> coro) const {
    loop_state::run_claim claim(state());
    const Task<T> task = create_task(std::move(coro).with_closure_kept());
    claim.until_done(*task.state());
    return result_of(task);
  }
  template <class T, class State>
  T run_until_complete(const future_handle<T, State>& future) const {
    state().run_until_done(*future.state());
    return result_of(future);
  }
  template <class T>
  T run_until_complete(const Task<T>& task) const {
    return run_until_complete(static_cast<const future_handle<T, task_state<T>>&>(task));
  }

  /// The result of something that is done; what cannot be copied is moved out.
  template <class T, class State>
  static T result_of(const future_handle<T, State>& future) {
    if constexpr (std::is_void_v<T>) {
      future.result();
    } else if constexpr (std::is_copy_constructible_v<T> || std::is_reference_v<T>) {
      return future.result();
    } else {
      future.result();
      return std::move(*future.state()->value);
    }
  }

  /// As hocket::create_task, on this loop, which need not run yet. Mirrors create_task.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {}) const {
    loop_state& s = state();
    return Task<T>(
        start_task(s, loop_state::running_here() == &s ? s.home_for_new_task() : s.home(), std::move(coro), options));
  }

  template <class T = void>
  Future<T> create_future() const {
    return hocket::create_future<T>(state());
  }

  /// Calls `fn` through the loop, after what is ready. Any thread. Mirrors call_soon, call_soon_threadsafe.
  Handle call_soon(std::function<void()> fn) const { return Handle(state().call_soon(std::move(fn))); }
  /// Calls `fn` after `delay`. Equal deadlines are called in the order of these calls. Mirrors call_later.
  Handle call_later(Delay delay, std::function<void()> fn) const {
    return Handle(state().call_at(rt::saturating_add(state().now(), delay.nanos()), std::move(fn)));
  }
  /// Calls `fn` at `when` of time(). Mirrors call_at.
  Handle call_at(double when, std::function<void()> fn) const {
    return Handle(state().call_at(Delay(when).nanos(), std::move(fn)));
  }

  /// The loop's clock, in seconds. Mirrors time.
  double time() const { return static_cast<double>(state().now()) * 1e-9; }

  bool is_running() const { return state().is_running(); }
  bool is_closed() const { return state().is_closed(); }
  bool get_debug() const { return state().debug(); }

  /// Cancels and drains what is left, then lets go of the pool. A closed loop stays closed. Throws RuntimeError("Cannot
  /// close a running event loop").
  void close() const { state().close(); }

  friend bool operator==(const EventLoop& a, const EventLoop& b) noexcept { return a.state_ == b.state_; }

 private:
  rt::counted_ptr<loop_state> state_;
};

template <class T, class State>
EventLoop future_handle<T, State>::get_loop() const {
  return EventLoop(rt::counted_ptr<loop_state>(the().loop()));
}
inline EventLoop AnyTask::get_loop() const { return EventLoop(rt::counted_ptr<loop_state>(core_->loop())); }

/// `<_UnixSelectorEventLoop running=False closed=False debug=False>`, as Python prints it.
std::ostream& operator<<(std::ostream& out, const EventLoop& loop);

/// Seconds of a clock that only goes forward: CLOCK_MONOTONIC, plus the virtual time that loops of this process have
/// spent; under HOCKET_VIRTUAL_CLOCK virtual time alone, so that a program measures the same. Mirrors
/// time.perf_counter.
double perf_counter();

/// A new serial loop, not running. Mirrors asyncio.new_event_loop.
EventLoop new_event_loop(RunOptions options = {});

/// The running loop; throws RuntimeError("no running event loop") where none runs. Mirrors asyncio.get_running_loop.
EventLoop get_running_loop();

/// The running loop, or else this thread's own, which is made at the first call. Mirrors asyncio.get_event_loop as of
/// CPython 3.11.
EventLoop get_event_loop();

/// Makes `loop` this thread's own. Mirrors asyncio.set_event_loop.
void set_event_loop(EventLoop loop);

/// The tasks of `loop` that are not done, in the order of their creation. Without argument: of the running loop.
/// Mirrors asyncio.all_tasks.
std::vector<AnyTask> all_tasks();
std::vector<AnyTask> all_tasks(const EventLoop& loop);

}  // namespace hocket
