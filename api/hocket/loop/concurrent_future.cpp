#include <hocket/loop/concurrent_future.hpp>

#include <atomic>
#include <memory>
#include <string>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {
namespace {

// One sleeping thread. Shared with the future's list, so that whoever wakes it may touch it last.
class sleeper final : public future_waiter {
 public:
  // `held`: a scheduler whose virtual time the sleeping job holds otherwise; or null.
  explicit sleeper(rt::scheduler* held) noexcept : held_(held) {}

  // False when the time passed first.
  bool sleep_until(rt::nanos deadline) noexcept {
    while (is_done_.load(rt::acquire) == 0) {  // order: F1: pairs with the store in fire()
      if (!rt::futex_wait(is_done_, 0, deadline)) return is_done_.load(rt::acquire) != 0;
    }
    return true;
  }

  void release() noexcept {
    // order: F2: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 private:
  ~sleeper() = default;
  void fire(future_core&) noexcept override {
    if (held_) held_->hold_virtual_time();  // before the job runs on, so that no time passes in between
    is_done_.store(1, rt::release);         // order: F1: publishes the hold
    rt::futex_wake(is_done_);
    release();
  }

  rt::scheduler* const held_;
  std::atomic<std::uint32_t> is_done_{0};
  std::atomic<int> refs_{2};  // the sleeping thread's and the list's
};

}  // namespace

bool block_until_done(future_core& f, const OptionalDelay& limit) {
  if (f.is_done()) return true;
  const rt::thread_context& here = rt::this_thread();
  if (here.self || here.task || here.strand || here.loop) {
    throw RuntimeError("result() would block a worker of the pool: await wrap_future(future) instead");
  }
  rt::scheduler* const held = here.sched && here.sched->has_virtual_clock() ? here.sched : nullptr;
  const rt::nanos deadline = limit ? rt::saturating_add(rt::steady_now(), limit->nanos()) : rt::never;
  auto* const s = new sleeper(held);
  if (!f.add_waiter(*s)) {
    s->release();
    s->release();
    return true;
  }
  if (held) held->release_virtual_time();
  bool is_done = s->sleep_until(deadline);
  if (!is_done) {
    if (f.remove_waiter(*s)) {
      if (held) held->hold_virtual_time();
      s->release();  // the list's
    } else {
      is_done = s->sleep_until(rt::never);  // it is being fired
    }
  }
  s->release();
  return is_done;
}

namespace {

void call_reporting(const std::function<void()>& call, const std::string& future) noexcept {
  try {
    call();
  } catch (...) {
    report_problem(ExceptionContext("exception calling callback for " + future, std::current_exception()));
  }
}

class callback_job final : public rt::runnable {
 public:
  callback_job(std::function<void()> call, std::string future) : call_(std::move(call)), future_(std::move(future)) {}

 private:
  void run() noexcept override {
    const std::unique_ptr<callback_job> self(this);
    call_reporting(call_, future_);
  }
  std::function<void()> call_;
  std::string future_;
};

}  // namespace

// A worker may be here under a lock, or in the middle of a task's end: there the call waits for its turn.
void concurrent_callback::fire(future_core& f) noexcept {
  const std::unique_ptr<concurrent_callback> self(this);
  try {
    std::string repr = f.repr();
    std::function<void()> call = bind(f);
    const rt::thread_context& here = rt::this_thread();
    if (!here.self && !here.task && !here.strand && !here.loop) return call_reporting(call, repr);
    if (loop_state* const loop = loop_state::running_here()) {
      if (loop->try_call_soon([call, repr] { call_reporting(call, repr); })) return;
    }
    if (!here.sched) return call_reporting(call, repr);
    auto job = std::make_unique<callback_job>(std::move(call), std::move(repr));
    here.sched->blocking().submit(*job);
    job.release();
  } catch (...) {
    report_problem("A callback of a ConcurrentFuture could not be called", "", std::current_exception());
  }
}

future_chain::future_chain(rt::counted_ptr<future_core> source, rt::counted_ptr<future_core> target) noexcept
    : source_(std::move(source)), target_(std::move(target)) {}

void future_chain::begin() {
  // The target first: when the source ends it, its list has this.
  if (!target_->add_waiter(target_end_)) {
    listening_.store(1, rt::relaxed);  // order: nobody else has it; a cancelled target listens no more
    return target_done();
  }
  if (!source_->add_waiter(source_end_)) source_done();
}

void future_chain::source_done() noexcept {
  if (!target_->is_done()) {
    if (source_->is_cancelled()) {
      target_->cancel("");
    } else if (source_->has_failed()) {
      if (target_->begin_completion()) target_->publish_exception(source_->take_notice());
    } else {
      try {
        pass_value();
      } catch (...) {
        if (target_->begin_completion()) target_->publish_exception(std::current_exception());
      }
    }
  }
  release();
}

void future_chain::target_done() noexcept {
  if (target_->is_cancelled() && !source_->is_done()) source_->cancel("");
  release();
}

void future_chain::release() noexcept {
  // order: F3: all use happens before the end; pairs with itself.
  if (listening_.fetch_sub(1, rt::acq_rel) == 1) delete this;
}

}  // namespace hocket
