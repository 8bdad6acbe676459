// on_tbb: oneTBB's algorithms from any task, on hocket's workers, and back.
//
// The call is queued like parallel()'s, behind what is ready, and runs in the scheduler's arena (arena.hpp), where idle
// workers join it. The caller waits for it whatever happens: a cancel stops the TBB work first. So what the function
// refers to may be the caller's locals.
#pragma once

#include <tbb/task_group.h>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/future.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/coro/suspend.hpp>

namespace hocket {

/// One call, as the scheduler's queue and the waiting task know it. It lives in the waiting frame.
class tbb_call : public rt::leaf_awaiter, private rt::runnable {
 public:
  bool commit(rt::task_base& self) noexcept final;
  bool cancel(rt::task_base& self) noexcept final;

 protected:
  tbb_call() noexcept = default;
  ~tbb_call() = default;

  /// The function; in the arena.
  virtual void call() = 0;

  /// Throws what is due at this resume, or what the function threw.
  void finish_call();

 private:
  void run() noexcept final;

  tbb::task_group_context context_;
  bool was_cancelled_ = false;  // written by who holds the task
  std::exception_ptr error_;    // written by the worker that carries it out, before it wakes the task
};

template <class T, class F>
class tbb_call_of final : public tbb_call {
 public:
  explicit tbb_call_of(F& fn) noexcept : fn_(fn) {}

  T await_resume() {
    finish_call();
    if (!value_) throw CancelledError();  // the function cancelled its own task group
    return static_cast<T>(std::move(*value_));
  }

 private:
  void call() override { value_.emplace(fn_()); }

  F& fn_;
  std::optional<stored<T>> value_;
};

template <class F>
class tbb_call_of<void, F> final : public tbb_call {
 public:
  explicit tbb_call_of(F& fn) noexcept : fn_(fn) {}
  void await_resume() { finish_call(); }

 private:
  void call() override { fn_(); }

  F& fn_;
};

template <class F>
Coro<std::invoke_result_t<F&>> call_on_tbb(F fn) {
  tbb_call_of<std::invoke_result_t<F&>, F> call(fn);
  co_return co_await call;
}

/// Calls `fn()`, which computes and may use any of oneTBB's algorithms, on a worker, and gives its value. Idle workers
/// take part; TBB makes no thread. Suspends; the caller resumes where it belongs when `fn` has returned and what it
/// started has ended, so `fn` may refer to the caller's locals. Cancelled before it starts: `fn` is not called; later:
/// its TBB work is cancelled, checkpoint() in it throws CancelledError, and so does this when all has ended. Throws
/// what `fn` throws; std::bad_alloc. From any task, either door. In `fn` there is no running loop. An extension.
///
///     co_await on_tbb([&] { tbb::parallel_sort(v.begin(), v.end()); });
template <class F>
  requires(!is_coro<std::decay_t<F>> && std::is_invocable_v<std::decay_t<F>&>)
auto on_tbb(F&& fn) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return call_on_tbb<std::decay_t<F>>(std::forward<F>(fn));
}

}  // namespace hocket
