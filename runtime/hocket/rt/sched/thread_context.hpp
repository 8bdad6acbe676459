// What runs on this thread now: the scheduler and worker it belongs to, and the strand and task that the floors above
// put there.
//
// Calls: any thread, about itself only. A thread that is no worker of ours has an empty context.
#pragma once

namespace hocket::rt {

class scheduler;
class worker;

struct thread_context {
  scheduler* sched = nullptr;
  worker* self = nullptr;
  void* strand = nullptr;   // owned by strand.cpp and the serial loop
  void* task = nullptr;     // owned by coro/
  void* inquiry = nullptr;  // owned by coro/: the wait that is being cancelled
  void* loop = nullptr;     // owned by the loop whose callback runs, outside of tasks
  void (*housekeeping)(bool before_sleep) noexcept = nullptr;  // owned by coro/: before each sleep, and now and then
  bool (*is_cancelled)() noexcept = nullptr;  // whether what this thread works for, outside of tasks, was cancelled
};

/// This thread's context. Never keep the reference across a co_await: the coroutine may go on elsewhere, and compilers
/// may keep a thread_local's address in the frame; that is why this is a call that they cannot see through.
thread_context& this_thread() noexcept;

}  // namespace hocket::rt
