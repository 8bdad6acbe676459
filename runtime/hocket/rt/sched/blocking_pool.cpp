#include <hocket/rt/sched/blocking_pool.hpp>

#include <chrono>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/rt/base/error.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/thread_start.hpp>

namespace hocket::rt {

namespace {

// The pool that the calling thread is one of. Written by its own thread.
thread_local const blocking_pool* pool_of_thread = nullptr;

}  // namespace

blocking_pool::blocking_pool(scheduler& sched, unsigned limit, nanos keepalive) noexcept
    : sched_(&sched), limit_(limit), keepalive_(keepalive) {}

blocking_pool::blocking_pool(unsigned limit, nanos keepalive) noexcept
    : sched_(nullptr), limit_(limit), keepalive_(keepalive) {}

blocking_pool::~blocking_pool() { shutdown(); }

void blocking_pool::submit(runnable& job) {
  if (!try_submit(job)) fatal("sched", "blocking job submitted after shutdown");
}

bool blocking_pool::runs_here() const noexcept { return pool_of_thread == this; }

bool blocking_pool::try_submit(runnable& job) {
  thread_list gone;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    if (idle_ <= jobs_.size() && threads_.size() < limit_) {
      try {
        start_thread_locked();
      } catch (const std::system_error&) {
        if (threads_.empty()) throw;
      }
    }
    if (sched_) sched_->hold_virtual_time();
    jobs_.push_back(job);
    gone.swap(left_);
  }
  job_came_.notify_one();
  for (auto& t : gone) t.join();
  return true;
}

void blocking_pool::shutdown() noexcept {
  thread_list all;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    job_came_.notify_all();
    // A thread moves itself to left_ when it finds nothing more to do.
    job_came_.wait(lock, [this] { return threads_.empty(); });
    all.swap(left_);
  }
  for (auto& t : all) t.join();
}

blocking_figures blocking_pool::figures() const {
  const std::lock_guard lock(mutex_);
  return {threads_.size(), idle_, jobs_.size()};
}

void blocking_pool::start_thread_locked() {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = start_thread({"hocket-b" + std::to_string(started_)}, [this, self] { serve(self); });
    ++started_;
  } catch (...) {
    threads_.erase(self);
    throw;
  }
}

void blocking_pool::serve(thread_list::iterator self) noexcept {
  // A job may drop the last handle of a loop: whoever then takes the pool down must see that it cannot be this thread.
  this_thread().sched = sched_;
  pool_of_thread = this;
  std::unique_lock lock(mutex_);
  while (runnable* job = wait_for_job(lock)) {
    lock.unlock();
    job->run();
    if (sched_) sched_->release_virtual_time();
    lock.lock();
  }
  left_.splice(left_.end(), threads_, self);
  if (stopping_) job_came_.notify_all();
}

/// Null when this thread shall leave: there is nothing to do, and there has not been for a while or there never will
/// be.
runnable* blocking_pool::wait_for_job(std::unique_lock<std::mutex>& lock) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(keepalive_);
  while (jobs_.empty()) {
    if (stopping_) return nullptr;
    ++idle_;
    const auto outcome = job_came_.wait_until(lock, deadline);
    --idle_;
    if (outcome == std::cv_status::timeout && jobs_.empty()) return nullptr;
  }
  return jobs_.pop_front();
}

}  // namespace hocket::rt
