// The homes of a loop's tasks that are not the serial loop itself: the pool, its bulk queue, and a strand over it.
#pragma once

#include <atomic>
#include <cstdint>

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
  void arm(rt::timer& t, rt::nanos deadline) override { sched().arm(t, deadline); }
  bool cancel(rt::timer& t) noexcept override { return sched().cancel(t); }
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
class strand_task_home : public pool_task_home {
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

/// The same, counted: by the handles of a Strand and by its tasks.
class shared_strand_home final : public strand_task_home {
 public:
  using strand_task_home::strand_task_home;
  void hold() noexcept override { add_ref(); }
  void let_go() noexcept override { release_ref(); }

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept {
    // order: H1: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 private:
  ~shared_strand_home() = default;

  mutable std::atomic<std::uint32_t> refs_{1};
};

}  // namespace hocket
