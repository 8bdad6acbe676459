// ThreadPoolExecutor: threads of its own for calls that block, apart from those of to_thread. What a library that
// blocks for long needs, so that it does not take the threads that name look-ups and others wait for.
//
// An executor is no part of a loop: several loops may give it calls. Its threads start on demand, `max_workers` at
// most, and leave when idle. For work that computes use parallel(), which has every core. Mirrors
// concurrent.futures.ThreadPoolExecutor, loop.run_in_executor, loop.set_default_executor.
#pragma once

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/loop/concurrent_future.hpp>
#include <hocket/loop/context_state.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket {

namespace rt {
class blocking_pool;
}

/// A call that is queued; run() calls it, then it is gone.
class executor_job : public rt::runnable {
 public:
  virtual ~executor_job();

  /// For one whose outcome a task of `loop` waits for: the loop's virtual clock stands until it has run.
  void hold_clock_of(const loop_state& loop) noexcept;

  /// Its end leaves `calls`, which it has entered.
  void leave_at_end(rt::counted_ptr<task_scope> calls) noexcept { calls_ = std::move(calls); }

 protected:
  executor_job() = default;

  virtual void call() noexcept = 0;

 private:
  void run() noexcept final;
  std::shared_ptr<rt::scheduler> held_;
  rt::counted_ptr<task_scope> calls_;
};

/// The call of `fn(args...)`, whose outcome `result` becomes; not called when that was cancelled before.
template <class T, class F, class... Args>
class call_for_future final : public executor_job {
 public:
  call_for_future(Future<T> result, F fn, std::tuple<Args...> args)
      : result_(std::move(result)), fn_(std::move(fn)), args_(std::move(args)) {}

  /// It is called in `context` itself.
  void carry_context(rt::counted_ptr<context_state> context) {
    context_.use(std::move(context));
    has_context_ = true;
  }

 private:
  void call() noexcept override {
    if (result_.done()) return;
    if (has_context_) {
      const context_scope scope(context_);
      complete();
    } else {
      complete();
    }
  }
  void complete() noexcept {
    try {
      if constexpr (std::is_void_v<T>) {
        std::apply(fn_, std::move(args_));
        result_.try_set_result();
      } else {
        result_.try_set_result(std::apply(fn_, std::move(args_)));
      }
    } catch (...) {
      result_.try_set_exception(std::current_exception());
    }
  }

  Future<T> result_;
  F fn_;
  std::tuple<Args...> args_;
  context_slot context_;
  bool has_context_ = false;
};

/// A counted handle; the last one waits for what was given to it. Empty: the default executor of a loop. Any thread.
class ThreadPoolExecutor {
 public:
  ThreadPoolExecutor() = default;
  /// Starts no thread yet. Throws ValueError("max_workers must be greater than 0").
  explicit ThreadPoolExecutor(int max_workers);

  explicit operator bool() const noexcept { return static_cast<bool>(core_); }

  /// Calls `fn(args...)`, copies of which it owns, on one of its threads. Cancelled before that: it is not called.
  /// Throws RuntimeError("cannot schedule new futures after shutdown"). Mirrors Executor.submit.
  template <class F, class... Args>
    requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
  auto submit(F&& fn, Args&&... args) const {
    using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;
    auto result = ConcurrentFuture<T>::make();
    put(std::make_unique<call_for_future<T, std::decay_t<F>, std::decay_t<Args>...>>(
        result.future(), std::forward<F>(fn), std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)));
    return result;
  }

  /// Takes no more calls; waits until those that it has taken have run and its threads have left. Blocks the calling
  /// thread. Twice does nothing. Mirrors Executor.shutdown.
  void shutdown() const;

  /// Queues a job. Throws as submit().
  void put(std::unique_ptr<executor_job> job) const;

  friend bool operator==(const ThreadPoolExecutor& a, const ThreadPoolExecutor& b) noexcept {
    return a.core_ == b.core_;
  }

 private:
  class core;
  std::shared_ptr<core> core_;
};

/// Queues a job on `executor`, or, when that is empty, on the default one of `loop`, whose virtual clock it holds.
void put_in_executor(loop_state& loop, const ThreadPoolExecutor& executor, std::unique_ptr<executor_job> job);

/// What shutdown_default_executor does.
Coro<> join_default_executor(loop_state& loop, OptionalDelay limit);

/// Calls `fn(args...)`, copies of which it owns, on a thread of `executor`; empty, `{}`: of the loop's default
/// executor, whose threads to_thread has as well. Starts at the call. Cancelling the future, or who awaits it: the call
/// is not made if it has not begun, else it runs on and its outcome is dropped. Not in the caller's context: that is
/// to_thread's. Mirrors loop.run_in_executor.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
auto run_in_executor(loop_state& loop, const ThreadPoolExecutor& executor, F&& fn, Args&&... args) {
  using T = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;
  loop.check_closed();
  Future<T> result = create_future<T>(loop);
  auto job = std::make_unique<call_for_future<T, std::decay_t<F>, std::decay_t<Args>...>>(
      result, std::forward<F>(fn), std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
  put_in_executor(loop, executor, std::move(job));
  return result;
}

template <class F, class... Args>
auto EventLoop::run_in_executor(const ThreadPoolExecutor& executor, F&& fn, Args&&... args) const {
  return hocket::run_in_executor(state(), executor, std::forward<F>(fn), std::forward<Args>(args)...);
}

/// A future of the running loop for a std::future, which a thread of the default executor waits for. Cancelled: the
/// wait goes on there. Mirrors asyncio.wrap_future.
template <class T>
Future<T> wrap_future(std::future<T> f) {
  return hocket::run_in_executor(running_loop(), {},
                                 [f = std::make_shared<std::future<T>>(std::move(f))]() -> T { return f->get(); });
}

}  // namespace hocket
