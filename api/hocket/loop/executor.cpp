#include <hocket/loop/executor.hpp>

#include <cstdio>
#include <thread>

#include <hocket/loop/shield.hpp>
#include <hocket/loop/timeout.hpp>
#include <hocket/rt/base/env.hpp>
#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {

executor_job::~executor_job() {
  if (calls_) calls_->leave();
  if (held_) held_->release_virtual_time();
}

void executor_job::hold_clock_of(const loop_state& loop) noexcept {
  if (!loop.sched().has_virtual_clock()) return;
  held_ = loop.shared_scheduler();
  held_->hold_virtual_time();
}

void executor_job::run() noexcept {
  std::unique_ptr<executor_job> self(this);
  rt::thread_context& context = rt::this_thread();
  // On whose behalf it runs: who blocks within it for a loop lets that loop's clock go on.
  rt::scheduler* const own = context.sched;
  if (self->held_) context.sched = self->held_.get();
  self->call();
  context.sched = own;
  const std::shared_ptr<rt::scheduler> held = std::move(self->held_);
  self.reset();  // before time goes on
  if (held) held->release_virtual_time();
}

// Its pool may be taken down by one of its own threads, whose job held the last handle: then another thread joins them.
class ThreadPoolExecutor::core {
 public:
  explicit core(unsigned max_workers) : pool_(std::make_unique<rt::blocking_pool>(max_workers)) {}
  core(const core&) = delete;
  core& operator=(const core&) = delete;
  ~core() {
    if (pool_->runs_here()) std::thread([last = std::move(pool_)] {}).detach();
  }

  rt::blocking_pool& pool() noexcept { return *pool_; }

 private:
  std::unique_ptr<rt::blocking_pool> pool_;
};

ThreadPoolExecutor::ThreadPoolExecutor(int max_workers) {
  if (max_workers <= 0) throw ValueError("max_workers must be greater than 0");
  core_ = std::make_shared<core>(static_cast<unsigned>(max_workers));
}

void ThreadPoolExecutor::put(std::unique_ptr<executor_job> job) const {
  if (!core_) throw RuntimeError("this handle is empty: it refers to no executor");
  if (!core_->pool().try_submit(*job)) throw RuntimeError("cannot schedule new futures after shutdown");
  job.release();
}

void ThreadPoolExecutor::shutdown() const {
  if (!core_) return;
  if (core_->pool().runs_here()) throw RuntimeError("cannot join current thread");
  core_->pool().shutdown();
}

void EventLoop::set_default_executor(const ThreadPoolExecutor& executor) const {
  state().set_default_executor(executor ? std::make_shared<const ThreadPoolExecutor>(executor) : nullptr);
}

void put_in_executor(loop_state& loop, const ThreadPoolExecutor& executor, std::unique_ptr<executor_job> job) {
  const auto by_default = executor ? nullptr : loop.default_executor();
  if (!executor && !by_default) {
    job->leave_at_end(loop.enter_default_calls());
    loop.sched().blocking().submit(*job);  // which holds the clock itself
    job.release();
    return;
  }
  if (by_default) loop.check_default_executor();
  job->hold_clock_of(loop);
  (executor ? executor : *by_default).put(std::move(job));
}

namespace {

Coro<> joined(rt::counted_ptr<task_scope> calls, Future<> threads) {
  if (calls) co_await shield(calls->empty());  // others may wait for the same
  if (threads) co_await threads;
}

}  // namespace

Coro<> join_default_executor(loop_state& loop, OptionalDelay limit) {
  const rt::counted_ptr<task_scope> calls = loop.end_default_calls();
  Future<> threads;
  if (const auto own = loop.default_executor()) {
    // A thread that blocks until the executor's have left.
    threads = create_future<void>(loop);
    const auto join = [executor = *own] { executor.shutdown(); };
    auto job = std::make_unique<call_for_future<void, decltype(join)>>(threads, join, std::tuple<>());
    loop.sched().blocking().submit(*job);
    job.release();
  }
  if (!calls && !threads) co_return;
  try {
    co_await wait_for(joined(calls, threads), limit);
  } catch (const TimeoutError&) {
    std::fprintf(stderr, "RuntimeWarning: The executor did not finishing joining its threads within %g seconds.\n",
                 static_cast<double>(limit->nanos()) * 1e-9);
  }
}

Coro<> EventLoop::shutdown_default_executor(OptionalDelay timeout) const {
  const rt::counted_ptr<loop_state> held(&state());
  return [](rt::counted_ptr<loop_state> loop, OptionalDelay limit) -> Coro<> {
    co_await join_default_executor(*loop, limit);
  }(held, timeout);
}

}  // namespace hocket
