// Where a task runs: the pool, a strand over it, or a serial loop. The task carries a pointer to its home, and
// everything that depends on the door it came through goes by way of it.
#pragma once

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/time/timer_heap.hpp>

namespace hocket::rt {

class scheduler;

/// What a home promises about the order of what runs there.
enum class turns {
  any,        // any worker, at once
  exclusive,  // one runnable at a time: what runs here needs no lock against what else runs here
  serial,     // exclusive, with timers of its own, and every queued step is a tick that programs can observe
};

class task_home {
 public:
  task_home(scheduler& sched, void* owner, turns t = turns::any) noexcept : sched_(&sched), owner_(owner), turns_(t) {}
  task_home(const task_home&) = delete;
  task_home& operator=(const task_home&) = delete;

  /// Makes `r` ready here. Any thread.
  virtual void post(runnable& r) noexcept = 0;

  /// The same for what the running code has just woken: on the pool it runs next on this worker, and no other is called
  /// for it.
  virtual void post_woken(runnable& r) noexcept { post(r); }

  /// The same for what has just given way: it runs behind what is ready here, and nobody is called for it alone.
  virtual void post_again(runnable& r) noexcept { post(r); }

  /// Runs `t` here at `deadline`: the pool in place, a serial loop through its queue, as asyncio does. Once. Any thread
  /// that runs here.
  virtual void arm(timer& t, nanos deadline) = 0;

  /// True: `t` is out and will not run. False: it was due; its run is under way, over, or (where is_serial()) still
  /// to come, so whoever owns it notes that it was cancelled.
  virtual bool cancel(timer& t) noexcept = 0;

  /// The home's clock.
  virtual nanos now() const noexcept = 0;

  bool is_exclusive() const noexcept { return turns_ != turns::any; }
  bool is_serial() const noexcept { return turns_ == turns::serial; }

  /// Whether its tasks may be put behind I/O when their function is known to compute for long.
  virtual bool may_defer() const noexcept { return false; }

  /// A serial home that turns now, and not for the caller: what touches its tasks from outside must be posted to it.
  virtual bool is_turning_elsewhere() const noexcept { return false; }

  /// Exclusive homes live as long as their tasks; the others as long as their loop, which outlives its pending tasks.
  virtual void hold() noexcept {}
  virtual void let_go() noexcept {}

  /// Whether the calling code runs here now.
  virtual bool runs_here() const noexcept = 0;

  scheduler& sched() const noexcept { return *sched_; }

  /// The event loop that this home belongs to; its type is known one floor up.
  void* owner() const noexcept { return owner_; }

 protected:
  ~task_home() = default;

 private:
  scheduler* sched_;
  void* owner_;
  const turns turns_;
};

}  // namespace hocket::rt
