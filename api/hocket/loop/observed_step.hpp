// Debug mode: a step of a task that takes too long is reported, in asyncio's words.
//
// The loop's clock counts, as in asyncio: seconds that pass, in which the worker may also have been preempted. Under
// the virtual clock no step takes time, so a test that replays says the same each time. What a task computes in the
// bulk queue, by parallel(fn, ...), was said to take long and is not reported.
#pragma once

#include <optional>
#include <string>

#include <hocket/loop/task.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket {

/// How long the calling thread has been at something, by a pool's clock and without what debug mode's own texts take.
class step_time {
 public:
  explicit step_time(rt::scheduler& clock) noexcept;
  rt::nanos so_far() const noexcept;

 private:
  rt::nanos now() const noexcept;

  rt::scheduler* const clock_;
  const rt::nanos began_;
};

/// One step of a task, or of a part of it, while this lives. The task may end in it; the loop is not closed before it
/// is over, so that what a run has to say is said when it returns.
class observed_step {
 public:
  explicit observed_step(rt::task_base& part) noexcept;
  observed_step(const observed_step&) = delete;
  observed_step& operator=(const observed_step&) = delete;
  ~observed_step();

 private:
  rt::counted_ptr<task_core> task_;
  loop_state* loop_ = nullptr;  // null: not timed
  std::optional<step_time> time_;
  rt::nanos limit_ = 0;
};

/// "Executing <Task ...> took 0.123 seconds" on standard error.
void report_slow(const std::string& what, rt::nanos took) noexcept;

}  // namespace hocket
