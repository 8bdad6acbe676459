// Where a task runs: the pool, a strand over it, or a serial loop. The task carries a pointer to its home, and
// everything that depends on the door it came through goes by way of it.
#pragma once

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/time/timer_heap.hpp>

namespace hocket::rt {

class scheduler;

/// A timer that can also stand in a queue: a serial loop queues what is due, as asyncio does; the pool fires it in
/// place. `fire` is called at most once per arming. Derived classes note their own cancellation: see task_home::cancel.
class home_timer : public timer, public runnable {
 public:
  explicit home_timer(action fire) noexcept
      : timer(fire), runnable([](runnable& r) noexcept { static_cast<home_timer&>(r).fire(); }) {}

 protected:
  ~home_timer() = default;
};

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

  /// Fires `t` here at `deadline`. Any thread that runs here.
  virtual void arm(home_timer& t, nanos deadline) = 0;

  /// True: `t` is out and will not fire. False: it was due; its fire is running, over, or (where is_serial()) still
  /// queued here.
  virtual bool cancel(home_timer& t) noexcept = 0;

  /// The home's clock.
  virtual nanos now() const noexcept = 0;

  bool is_exclusive() const noexcept { return turns_ != turns::any; }
  bool is_serial() const noexcept { return turns_ == turns::serial; }

  /// Whether its tasks may be put behind I/O when their function is known to compute for long.
  virtual bool may_defer() const noexcept { return false; }

  /// A serial home that turns now, and not for the caller: what touches its tasks from outside must be posted to it.
  virtual bool is_turning_elsewhere() const noexcept { return false; }

  /// Serial homes live as long as their tasks; the others as long as their loop, which outlives its pending tasks.
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
