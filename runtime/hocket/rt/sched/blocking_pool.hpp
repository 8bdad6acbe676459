// Threads for calls that block: to_thread, name resolution, files. They grow on demand up to a limit and leave when
// idle.
//
// Jobs start in the order they came. A job holds virtual time from submit() until it has run, its last post included.
// Calls: submit(): any thread. shutdown(): the scheduler's destructor.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <thread>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/runnable.hpp>

namespace hocket::rt {

class scheduler;

struct blocking_figures {
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t queued = 0;
};

class blocking_pool {
 public:
  static constexpr nanos default_keepalive = 10 * nanos_per_second;

  /// Starts no thread yet.
  blocking_pool(scheduler& sched, unsigned limit, nanos keepalive = default_keepalive) noexcept;
  /// One that belongs to no scheduler: its jobs hold nobody's time.
  explicit blocking_pool(unsigned limit, nanos keepalive = default_keepalive) noexcept;
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;
  ~blocking_pool();

  /// Queues `job` for the next free thread; starts one if none is free and the limit allows it. When no thread can be
  /// started the job waits for one that exists; when there is none either, throws std::system_error and the job is not
  /// taken.
  void submit(runnable& job);

  /// The same; false, and the job is not taken, after shutdown().
  bool try_submit(runnable& job);

  /// Whether the calling thread is one of the pool's.
  bool runs_here() const noexcept;

  /// Runs what is queued to its end, then joins every thread. Twice does nothing.
  void shutdown() noexcept;

  blocking_figures figures() const;
  unsigned limit() const noexcept { return limit_; }

 private:
  using thread_list = std::list<std::thread>;

  void start_thread_locked();
  void serve(thread_list::iterator self) noexcept;
  runnable* wait_for_job(std::unique_lock<std::mutex>& lock);

  scheduler* const sched_;
  const unsigned limit_;
  const nanos keepalive_;

  mutable std::mutex mutex_;
  std::condition_variable job_came_;
  runnable_list jobs_;     // guarded by mutex_
  thread_list threads_;    // guarded by mutex_: those that serve
  thread_list left_;       // guarded by mutex_: those that have left or are about to, not yet joined
  std::size_t idle_ = 0;   // guarded by mutex_: of threads_, those that wait for a job
  unsigned started_ = 0;   // guarded by mutex_: numbers the names
  bool stopping_ = false;  // guarded by mutex_
};

}  // namespace hocket::rt
