// The homes of a loop's tasks that are not the serial loop itself: the pool, its bulk queue, and a strand over it.
#pragma once

#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/coro/task_home.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/strand.hpp>

namespace hocket {

/// Any worker, at once.
class pool_task_home : public rt::task_home {
 public:
  using task_home::task_home;
  void post(rt::runnable& r) noexcept override { sched().post(r); }
  void post_woken(rt::runnable& r) noexcept override { sched().post_next(r); }
  void post_again(rt::runnable& r) noexcept override { sched().post_again(r); }
  void arm(rt::home_timer& t, rt::nanos deadline) override { sched().arm(t, deadline); }
  bool cancel(rt::home_timer& t) noexcept override { return sched().cancel(t); }
  rt::nanos now() const noexcept override { return sched().now(); }
  bool runs_here() const noexcept override;
  bool may_defer() const noexcept override { return sched().learns(); }
};

/// The workers' bulk queue: for what computes long and must not stand before I/O. What wakes later comes back here.
class bulk_task_home final : public pool_task_home {
 public:
  using pool_task_home::pool_task_home;
  void post(rt::runnable& r) noexcept override { sched().post_bulk(r); }
  void post_woken(rt::runnable& r) noexcept override { post(r); }
  void post_again(rt::runnable& r) noexcept override { post(r); }
  bool may_defer() const noexcept override { return false; }  // it does
};

/// One at a time, in order, on whichever worker. Its timers are the pool's.
class strand_task_home final : public pool_task_home {
 public:
  strand_task_home(rt::scheduler& sched, void* owner)
      : pool_task_home(sched, owner, rt::turns::exclusive),
        strand_(rt::counted_ptr<rt::strand>::adopt(new rt::strand(sched))) {}
  void post(rt::runnable& r) noexcept override { strand_->post(r); }
  void post_woken(rt::runnable& r) noexcept override { post(r); }
  void post_again(rt::runnable& r) noexcept override { post(r); }
  bool may_defer() const noexcept override { return false; }
  bool runs_here() const noexcept override { return strand_->runs_here(); }

 private:
  rt::counted_ptr<rt::strand> strand_;
};

}  // namespace hocket
