#include <hocket/rt/base/env.hpp>
#include <hocket/rt/sched/options.hpp>

namespace hocket::rt {
namespace {

/// With two CPUs or fewer a spinner takes half of the machine from whoever would make its work.
constexpr unsigned fewest_cpus_to_spin = 3;

nanos spin_time(const settings& env) {
  const bool was_asked_for = env.source(env_id::spin) == env_source::environment;
  return was_asked_for || env.cpus.usable >= fewest_cpus_to_spin ? env.spin : 0;
}

bool wants_standby(const scheduler_options& asked, const settings& env, const scheduler_plan& plan) {
  if (plan.virtual_clock) return false;
  if (asked.standby >= 0) return asked.standby > 0;
  return env.standby && !plan.seed;
}

/// A number of workers that somebody chose is not second-guessed. The watch is the standby's.
bool follows_quota(const scheduler_options& asked, const settings& env, const scheduler_plan& plan) {
  if (!plan.standby || asked.follow_quota == 0) return false;
  if (asked.follow_quota > 0) return true;
  const bool is_chosen = asked.workers > 0 || env.texts[static_cast<std::size_t>(env_id::workers)] != "auto";
  return env.follow_quota && !is_chosen && !plan.seed;
}

}  // namespace

scheduler_plan make_plan(const scheduler_options& asked) {
  const settings& env = process_settings();
  scheduler_plan plan;
  plan.seed = asked.seed ? asked.seed : env.seed;
  plan.virtual_clock = asked.virtual_clock || env.virtual_clock;
  plan.workers = asked.workers ? asked.workers : plan.seed ? 1 : env.workers;
  plan.blocking_threads = asked.blocking_threads ? asked.blocking_threads : env.blocking_threads;
  plan.standby = wants_standby(asked, env, plan);
  plan.follow_quota = follows_quota(asked, env, plan);
  plan.pace_to_quota = plan.standby && asked.pace_to_quota != 0 && env.follow_quota && !plan.seed;
  plan.cpus = static_cast<double>(env.cpus.allowed.size());
  plan.quota_interval = asked.quota_interval;
  plan.quota_root = asked.quota_root;
  plan.learns = plan.standby && (asked.learns >= 0 ? asked.learns > 0 : env.learns);
  if (plan.learns) plan.followers = asked.followers >= 0 ? static_cast<unsigned>(asked.followers) : env.followers;
  plan.standers = env.standers;
  plan.budget = asked.budget >= 0 ? static_cast<unsigned>(asked.budget) : env.budget;
  // A schedule that is to replay, or to be the same at any speed of the machine, depends on no clock.
  if (!plan.seed && !plan.virtual_clock) plan.budget_slice = asked.budget_slice >= 0 ? asked.budget_slice : env.slice;
  if (plan.standby) {
    plan.stall_report = asked.stall_report >= 0 ? asked.stall_report : env.stall_report;
    plan.slice = env.thread_slice;
    plan.nice_boost = env.standby_nice;
  }
  plan.spin = plan.seed ? 0 : spin_time(env);
  plan.poll_interval = env.poll_interval;
  plan.pin_to = env.pin_to;
  return plan;
}

}  // namespace hocket::rt
