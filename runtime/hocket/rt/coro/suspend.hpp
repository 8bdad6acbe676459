// How a coroutine waits: in two steps, so that no thread ever touches a frame that is not at rest.
//
// 1. await_suspend() only notes where the task stopped and at what (task_base::suspend_at), and returns to the resumer.
// 2. The resumer, on the worker's own stack with the frame at rest, calls suspend_point::commit(), which registers with
// the
//    awaited object. From then on another thread may wake the task: it finds it owned, or suspended, never half-way.
//
// An operation that may be ready at once, and so not suspend at all, asks must_give_way() first, in await_ready(). If
// it must, it says "not ready"; the resumer then puts the task behind others, and commit() comes when it runs again,
// or, if it was cancelled meanwhile, await_resume() without a commit().
//
// An operation whose wake only says that another try is worth while (a socket's readiness) calls ask_again() in
// commit(): after the wake commit() comes once more, and says anew whether there is something to wait for, so that its
// coroutine resumes only when there is not.
//
// So an awaiter needs no care about being resumed while it registers, and nothing has to be published from inside a
// coroutine, where compilers have miscompiled just that.
#pragma once

#include <coroutine>
#include <source_location>

#include <hocket/rt/sched/op_budget.hpp>

namespace hocket::rt {

class task_base;

/// One wait of one task. It lives in the frame; it is looked at only by whoever holds that frame still.
class suspend_point {
 public:
  /// Registers with the awaited object. True: stay suspended; wake() follows exactly once, perhaps already now from
  /// another thread. False: there is nothing to wait for (any more), the task runs on at once, without a tick.
  virtual bool commit(task_base& self) noexcept = 0;

  /// A cancel request reached this wait. True: it has been dealt with, the await will end (or its object was asked to).
  /// False: a waker already owns the end of this wait; the request is thrown at the resume instead.
  virtual bool cancel(task_base& self) noexcept = 0;

 protected:
  ~suspend_point() = default;
};

/// Base of every awaiter that really suspends its task. Derived classes write commit(), cancel() and await_resume(),
/// which begins with finish_resume(). The awaiting coroutine's promise is a promise_base.
class leaf_awaiter : public suspend_point {
 public:
  bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h,
                     std::source_location where = std::source_location::current()) noexcept {
    h.promise().stand_at(where);
    task_ = h.promise().task();
    stop_at(h);
  }

 protected:
  ~leaf_awaiter() = default;

  /// Throws CancelledError when a cancel is due at this resume.
  void finish_resume();

  task_base* task_ = nullptr;  // null when await_ready() said that there was nothing to wait for

 private:
  void stop_at(std::coroutine_handle<> h) noexcept;
};

}  // namespace hocket::rt
