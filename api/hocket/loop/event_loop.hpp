// EventLoop: a counted handle to a loop. A copy is the same loop; the last handle closes it.
//
// `run` and `Runner` make their own; this is for programs that hold a loop in their hands, as older asyncio programs
// do. Mirrors asyncio.AbstractEventLoop, new_event_loop, get_event_loop, set_event_loop, get_running_loop.
#pragma once

#include <functional>
#include <ostream>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/loop/exception_context.hpp>
#include <hocket/loop/interrupts.hpp>
#include <hocket/loop/loop_state.hpp>

namespace hocket {

/// Something to call without arguments, and where it was handed over: call_soon and the like take one. Made of any
/// callable that can be copied.
struct Callback {
  template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Callback> && std::is_invocable_v<std::decay_t<F>&>)
  Callback(F&& f, std::source_location here = std::source_location::current())
      : fn([&]() -> std::function<void()> {
          static_assert(!is_coro<std::decay_t<std::invoke_result_t<std::decay_t<F>&>>>,
                        "coroutines cannot be used with call_soon() and the like: pass [] { create_task(...); }");
          return std::forward<F>(f);
        }()),
        where(here) {}

  std::function<void()> fn;
  std::source_location where;
};

/// What call_soon gives: cancel() keeps the callback from being called. A copy is the same. Any thread. Mirrors
/// asyncio.Handle.
class Handle {
 public:
  explicit Handle(rt::counted_ptr<callback> c) noexcept : callback_(std::move(c)) {}
  void cancel() const { callback_->cancel(); }
  bool cancelled() const { return callback_->cancelled(); }
  /// What it is called in: a copy of the context of who asked for the call, or the one that was given. Mirrors
  /// Handle.get_context.
  Context get_context() const { return Context(rt::counted_ptr<context_state>(&callback_->context())); }
  friend bool operator==(const Handle& a, const Handle& b) noexcept { return a.callback_ == b.callback_; }
  /// `<Handle <lambda>() at file.cpp:12>`.
  friend std::ostream& operator<<(std::ostream& out, const Handle& h) { return out << h.callback_->repr(); }

 protected:
  rt::counted_ptr<callback> callback_;
};

/// What call_later and call_at give. Mirrors asyncio.TimerHandle.
class TimerHandle : public Handle {
 public:
  using Handle::Handle;
  /// When it is to be called, in seconds of the loop's time. Mirrors TimerHandle.when.
  double when() const { return static_cast<double>(*callback_->when()) * 1e-9; }
};

/// One answer of EventLoop::getaddrinfo, and what may be asked. <hocket/net/addr_info.hpp>.
struct AddrInfo;
struct AddrInfoOptions;
struct NameInfo;
namespace net {
class address;
}

class EventLoop {
 public:
  EventLoop() = default;
  explicit EventLoop(rt::counted_ptr<loop_state> state) noexcept : state_(std::move(state)) {}

  /// So that `loop->create_task(...)` and `loop.create_task(...)` are the same.
  const EventLoop* operator->() const noexcept { return this; }
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  loop_state& state() const;

  /// Runs until the coroutine, task or future is done and gives its result. Other tasks stay pending when it returns.
  /// Not from within a loop. Throws what it ended with; RuntimeError when the loop runs or is closed, and
  /// RuntimeError("Event loop stopped before Future completed.") when stop() came first: it stays pending then.
  /// KeyboardInterrupt after Ctrl-C. Mirrors run_until_complete.
  template <class T>
  T run_until_complete(Coro<T> coro) const {
    guarded_run run(state());
    const Task<T> task = create_task(std::move(coro).with_closure_kept());
    try {
      run.until(task.state());
    } catch (...) {
      // As CPython: what ended the run goes before what the coroutine may have ended with.
      if (task.done() && !task.cancelled()) task.state()->mark_seen();
      throw;
    }
    return result_of(task);
  }
  template <class T, class State>
  T run_until_complete(const future_handle<T, State>& future) const {
    guarded_run(state()).until(future.state());
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
        make_task(s, loop_state::running_here() == &s ? s.home_for_new_task() : s.home(), std::move(coro), options));
  }
  template <converts_to_coro A>
  auto create_task(A&& awaitable, TaskOptions options = {}) const {
    return create_task(Coro<typename std::decay_t<A>::value_type>(std::forward<A>(awaitable)), options);
  }

  template <class T = void>
  Future<T> create_future() const {
    return hocket::create_future<T>(state());
  }

  /// Runs until stop(). Tasks and callbacks that are left stay pending. Not from within a loop. Throws
  /// KeyboardInterrupt after Ctrl-C, and what a callback or task threw of KeyboardInterrupt and SystemExit. Mirrors
  /// run_forever.
  void run_forever() const { guarded_run(state()).until(nullptr); }
  /// Ends the run when the current iteration is over; of a loop that does not run, the next run after one iteration. In
  /// the parallel door, when the callbacks that were queued before have been called. Any thread. Mirrors stop.
  void stop() const { state().stop(); }

  /// Calls `fn` through the loop, after what is ready; what it throws goes to call_exception_handler. Any thread.
  /// Throws RuntimeError("Event loop is closed"). Mirrors call_soon, call_soon_threadsafe.
  Handle call_soon(Callback fn) const { return Handle(state().call_soon(std::move(fn.fn), fn.where)); }
  Handle call_soon_threadsafe(Callback fn) const { return call_soon(std::move(fn)); }
  /// Calls `fn` in this context itself, not in a copy of the one that is here now. Mirrors call_soon(context=...).
  Handle call_soon(Callback fn, ContextRef context) const {
    return Handle(state().call_soon(std::move(fn.fn), fn.where, rt::counted_ptr<context_state>(context.state())));
  }
  /// Calls `fn` after `delay`. Equal deadlines are called in the order of these calls; one from another thread than the
  /// loop's counts from the next iteration. Any thread. Throws as call_soon. Mirrors call_later.
  TimerHandle call_later(Delay delay, Callback fn) const {
    return TimerHandle(state().call_at(rt::saturating_add(state().now(), delay.nanos()), std::move(fn.fn), fn.where));
  }
  /// Calls `fn` at `when` of time(). As above. Mirrors call_at.
  TimerHandle call_at(double when, Callback fn) const {
    return TimerHandle(state().call_at(Delay(when).nanos(), std::move(fn.fn), fn.where));
  }
  // With arguments, copies of which are kept: `loop.call_soon(print_line, "x")`, as in Python.
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>&...>)
  Handle call_soon(F&& fn, Args&&... args) const {
    return call_soon(bind(std::forward<F>(fn), std::forward<Args>(args)...));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>&...>)
  Handle call_soon_threadsafe(F&& fn, Args&&... args) const {
    return call_soon(bind(std::forward<F>(fn), std::forward<Args>(args)...));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>&...>)
  TimerHandle call_later(Delay delay, F&& fn, Args&&... args) const {
    return call_later(delay, bind(std::forward<F>(fn), std::forward<Args>(args)...));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 0 && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>&...>)
  TimerHandle call_at(double when, F&& fn, Args&&... args) const {
    return call_at(when, bind(std::forward<F>(fn), std::forward<Args>(args)...));
  }

  /// Calls `fn` in every iteration in which `fd` can be read without waiting (or has ended, or failed), until
  /// remove_reader; takes the place of the reader that was there. The user keeps `fd` open until then, and no stream
  /// and no other loop watches it. Any thread. Throws ValueError("Invalid file descriptor: -1"); OSError, as for a
  /// regular file. Mirrors add_reader.
  void add_reader(int fd, Callback fn) const;
  /// False when there was none. Called elsewhere than in the loop's own code: a call that runs, or is just about to
  /// begin, is not waited for. Any thread. Mirrors remove_reader.
  bool remove_reader(int fd) const;
  /// The same for writing. Mirrors add_writer, remove_writer.
  void add_writer(int fd, Callback fn) const;
  bool remove_writer(int fd) const;

  /// Calls `fn` through the loop when the process gets the signal; of several that come at once the kernel may make
  /// one. One loop handles a signal at a time: the last one that asked. Any thread (CPython: the main thread only).
  /// Throws ValueError("invalid signal number 99"), RuntimeError("sig 9 cannot be caught"). Mirrors add_signal_handler.
  void add_signal_handler(int signal, Callback fn) const;
  /// The signal does again what it does by default, SIGINT what it does under `run`. False when this loop did not
  /// handle it. Any thread. Mirrors remove_signal_handler.
  bool remove_signal_handler(int signal) const;

  /// Who hears of what nobody else would: exceptions of callbacks, of tasks that nobody asked, of tasks that are left
  /// over. Empty: default_exception_handler, as after close(). Any thread. Mirrors set_exception_handler,
  /// get_exception_handler.
  void set_exception_handler(ExceptionHandler handler) const { state().set_exception_handler(std::move(handler)); }
  ExceptionHandler get_exception_handler() const {
    const auto handler = state().exception_handler();
    return handler ? *handler : nullptr;
  }
  /// Writes the message, what else is known and the exception to standard error. For handlers that want that, too.
  /// Mirrors default_exception_handler.
  void default_exception_handler(const ExceptionContext& context) const noexcept { write_default_report(context); }
  /// Calls the handler. What that throws is reported as "Unhandled error in exception handler"; KeyboardInterrupt and
  /// SystemExit end the run, and do not come out of this call as in CPython. Any thread. Mirrors
  /// call_exception_handler.
  void call_exception_handler(const ExceptionContext& context) const { state().call_exception_handler(context); }

  /// The addresses of `host` and `port` (a number or a service's name; either may be empty), by getaddrinfo(3) on a
  /// thread for calls that block. Cancelled: returns at once, the look-up ends by itself. Throws gaierror "[Errno -2]
  /// Name or service not known". Include <hocket/net/addr_info.hpp>. Mirrors getaddrinfo.
  Coro<std::vector<AddrInfo>> getaddrinfo(std::string host, std::string port) const;
  Coro<std::vector<AddrInfo>> getaddrinfo(std::string host, std::string port, AddrInfoOptions options) const;
  /// The names of an address, by getnameinfo(3) with its NI_ flags. As above. Mirrors getnameinfo.
  Coro<NameInfo> getnameinfo(net::address address, int flags) const;

  /// Makes the loop's tasks from now on; empty: as they are asked for. Any thread. Mirrors set_task_factory,
  /// get_task_factory.
  void set_task_factory(TaskFactory factory) const {
    state().set_task_factory(factory ? std::make_shared<const TaskFactory>(std::move(factory)) : nullptr);
  }
  TaskFactory get_task_factory() const {
    const auto factory = state().task_factory();
    return factory ? *factory : nullptr;
  }

  /// Calls `fn(args...)` on a thread of `executor`, or, when that is `{}`, of the default one. See executor.hpp, which
  /// must be included. Mirrors run_in_executor.
  template <class F, class... Args>
  auto run_in_executor(const ThreadPoolExecutor& executor, F&& fn, Args&&... args) const;
  /// Whose threads run_in_executor({}, ...) and to_thread use from now on. The loop lets go of it when it is closed,
  /// and waits for its calls if it was the last who had it. Mirrors set_default_executor.
  void set_default_executor(const ThreadPoolExecutor& executor) const;
  /// Waits until the calls that run_in_executor({}, ...) and to_thread have taken have been made; from now on both
  /// throw RuntimeError("Executor shutdown has been called"). An executor that was set is shut down; the pool's own
  /// threads stay for others. After `timeout` it says RuntimeWarning to standard error and returns. `run` does this at
  /// its end, for 5 minutes at most. Mirrors shutdown_default_executor.
  Coro<> shutdown_default_executor(OptionalDelay timeout = {}) const;

  /// Closes every async generator that had its first step in this loop, stands at a co_yield and is still held, as
  /// aclose() does, each in a task of its own; what they throw goes to call_exception_handler. Nobody may ask them for
  /// values meanwhile. `run` and close() do this when the tasks have ended. Mirrors shutdown_asyncgens.
  Coro<> shutdown_asyncgens() const;

  /// The loop's clock, in seconds. Mirrors time.
  double time() const { return static_cast<double>(state().now()) * 1e-9; }

  bool is_running() const { return state().is_running(); }
  bool is_closed() const { return state().is_closed(); }
  /// What happens when a task ends with an exception and nobody waits for it; RunOptions::on_unhandled, or set here.
  /// Any thread. An extension.
  OnUnhandled on_unhandled() const { return state().on_unhandled(); }
  void set_on_unhandled(OnUnhandled what) const { state().set_on_unhandled(what); }
  /// Debug mode: HOCKET_DEBUG, RunOptions::debug, or set here. Futures, tasks, handles and coroutines then know who
  /// made them, slow steps are reported, and tasks that swallow a cancel (an extension). Any thread. Mirrors get_debug,
  /// set_debug.
  bool get_debug() const { return state().debug(); }
  void set_debug(bool on) const { state().set_debug(on); }
  /// Debug mode says "Executing <Task ...> took 0.150 seconds" of a callback, or a task's step between two awaits that
  /// wait, that takes as long or longer by the loop's clock: under the virtual clock none does. At first 0.1. Mirrors
  /// slow_callback_duration.
  double slow_callback_duration() const { return static_cast<double>(state().slow_callback_duration()) * 1e-9; }
  void set_slow_callback_duration(Delay d) const { state().set_slow_callback_duration(d.nanos()); }

  /// Cancels and drains what is left, closes async generators, then lets go of the pool. A closed loop stays closed.
  /// Tasks that other threads make meanwhile are cancelled too, or refused as by a closed loop. Any thread. Throws
  /// RuntimeError("Cannot close a running event loop"), also to a callback or reader of the loop itself;
  /// RuntimeError("Cannot run the event loop while another loop is running") when tasks or generators are left and the
  /// caller is in another loop; when it is closed, the KeyboardInterrupt or SystemExit that a task ended with
  /// meanwhile. The last handle may go anywhere.
  void close() const { state().close(); }

  friend bool operator==(const EventLoop& a, const EventLoop& b) noexcept { return a.state_ == b.state_; }

 private:
  // The right to run the loop, which Ctrl-C stops from now on.
  class guarded_run {
   public:
    explicit guarded_run(loop_state& loop) : claim_(loop) {}
    // Until it is done, or, when that is null, until stop(). Throws KeyboardInterrupt after Ctrl-C.
    void until(future_core* f);

   private:
    loop_state::run_claim claim_;
    const interrupt_guard guard_{[this] { claim_.loop().stop(); }};
  };

  template <class F, class... Args>
  static auto bind(F&& fn, Args&&... args) {
    return [f = std::decay_t<F>(std::forward<F>(fn)),
            kept = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)]() mutable { std::apply(f, kept); };
  }

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
