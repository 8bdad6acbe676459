#include <hocket/loop/observed_step.hpp>

#include <algorithm>
#include <cstdio>

#include <hocket/loop/creation.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

step_time::step_time(rt::scheduler& clock) noexcept : clock_(&clock), began_(now()) {}

rt::nanos step_time::now() const noexcept { return clock_->now() - spent_on_creation_texts(); }

rt::nanos step_time::so_far() const noexcept { return std::max<rt::nanos>(now() - began_, 0); }

observed_step::observed_step(rt::task_base& part) noexcept : task_(static_cast<task_core*>(&part.whole_task())) {
  auto& loop = *static_cast<loop_state*>(part.home().owner());
  if (!loop.debug() || &part.home() == &loop.bulk_home()) return;
  loop.observed_steps_.fetch_add(1, rt::relaxed);  // order: O1: whoever sees this task's end sees this, too
  loop_ = &loop;
  limit_ = loop.slow_callback_duration();
  time_.emplace(loop.sched());
}

observed_step::~observed_step() {
  if (!loop_) return;
  if (const rt::nanos took = time_->so_far(); took >= limit_) report_slow(task_->repr(), took);
  task_ = nullptr;                                   // which may have something to say as well
  loop_->observed_steps_.fetch_sub(1, rt::release);  // order: O1: pairs with close(); the loop may be gone after this
}

void report_slow(const std::string& what, rt::nanos took) noexcept {
  std::fprintf(stderr, "Executing %s took %.3f seconds\n", what.c_str(), static_cast<double>(took) * 1e-9);
}

}  // namespace hocket
