// The table of environment variables: the parser, `hocket env`, the README and the tests all come from it.
// A new variable is one line here, one field of `settings` and one case in env.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

/// Index into env_table.
enum class env_id : std::size_t {
  workers,
  blocking_threads,
  affinity,
  spin,
  standby,
  follow_quota,
  learn,
  followers,
  standers,
  thread_slice,
  standby_nice,
  poll_interval,
  budget,
  slice,
  seed,
  virtual_clock,
  debug,
  stall_report,
  display_env,
  count_
};

inline constexpr std::size_t env_count = static_cast<std::size_t>(env_id::count_);

enum class env_kind {
  workers,   ///< a count, `auto`, or a percentage
  count,     ///< a count or `auto`
  affinity,  ///< `none`, `cores`, or a list of CPUs
  spin,      ///< a duration, `auto`, or 0
  duration,  ///< a duration with a unit
  flag,      ///< 0, 1, off, on
  seed,      ///< any 64-bit number, or `none`
  display,   ///< 0, 1, verbose
};

struct env_variable {
  env_id id;
  const char* name;
  env_kind kind;
  std::uint64_t least;  // durations in nanoseconds
  std::uint64_t most;
  const char* fallback;  // what holds when the variable is not set, in the variable's own language
  const char* meaning;
};

inline constexpr std::array<env_variable, env_count> env_table{{
    {env_id::workers, "HOCKET_WORKERS", env_kind::workers, 1, 1024, "auto",
     "worker threads; auto: the CPUs of the affinity mask, or ceil(cgroup quota) if less; N%: that share of auto, at "
     "least 1"},
    {env_id::blocking_threads, "HOCKET_BLOCKING_THREADS", env_kind::count, 1, 4096, "auto",
     "most threads for blocking calls (to_thread); auto: min(32, usable CPUs + 4)"},
    {env_id::affinity, "HOCKET_AFFINITY", env_kind::affinity, 0, 0, "none",
     "pins worker i to the i-th CPU, round robin; cores: one thread of each core first"},
    {env_id::spin, "HOCKET_SPIN", env_kind::spin, 0, nanos_per_ms, "auto",
     "how long a worker looks for work before it sleeps; auto: 20us, but 0 with fewer than 3 usable CPUs or under a "
     "quota below "
     "the affinity mask"},
    {env_id::standby, "HOCKET_STANDBY", env_kind::flag, 0, 1, "1",
     "the standby worker, which serves sockets and timers while every worker computes"},
    {env_id::follow_quota, "HOCKET_FOLLOW_QUOTA", env_kind::flag, 0, 1, "1",
     "long work waits before a cgroup quota is used up, and, where HOCKET_WORKERS is auto, workers step aside while a "
     "quota that changed allows fewer; needs the standby"},
    {env_id::learn, "HOCKET_LEARN", env_kind::flag, 0, 1, "1",
     "learns which coroutine functions compute for long, has the standby stand by for them and lets I/O pass; needs "
     "the standby"},
    {env_id::followers, "HOCKET_FOLLOWERS", env_kind::count, 0, 256, "auto",
     "most further threads that stand by while functions run that compute for long now and then; auto: 4 a worker, at "
     "least 8, at most 64"},
    {env_id::standers, "HOCKET_STANDERS", env_kind::count, 1, 16, "auto",
     "how many threads are to wait for events while functions run that may compute for long; more serve sooner and "
     "take more of the CPU; auto: 2 where they surely do, or 1 if HOCKET_STANDBY_NICE is allowed; 3 where some do now "
     "and then"},
    {env_id::thread_slice, "HOCKET_THREAD_SLICE", env_kind::spin, 0, 100 * nanos_per_ms, "auto",
     "the time slice that threads ask of the kernel while they serve events for busy workers (Linux 6.12); auto: "
     "100us; 0: the kernel's own"},
    {env_id::standby_nice, "HOCKET_STANDBY_NICE", env_kind::count, 0, 40, "auto",
     "by how much threads lower their nice value while they serve events for busy workers, where the system allows it "
     "(CAP_SYS_NICE or RLIMIT_NICE); auto: 19"},
    {env_id::poll_interval, "HOCKET_POLL_INTERVAL", env_kind::duration, nanos_per_us, 100 * nanos_per_ms, "100us",
     "how long a busy worker may go without polling timers and sockets; sockets ten times as long while those of the "
     "last poll are served"},
    {env_id::budget, "HOCKET_BUDGET", env_kind::count, 0, 1'000'000, "auto",
     "parallel door: how many operations that need not wait (a queue that has an item, a free lock) a task may do in a "
     "row before it gives way to others; auto: 128; 0: any number"},
    {env_id::slice, "HOCKET_SLICE", env_kind::spin, 0, 100 * nanos_per_ms, "auto",
     "parallel door: how long a task may go on so, by the clock; auto: 100us; 0: any time"},
    {env_id::seed, "HOCKET_SEED", env_kind::seed, 0, ~std::uint64_t{0}, "none",
     "replays one schedule: a private runtime that picks ready work pseudo-randomly from this seed"},
    {env_id::virtual_clock, "HOCKET_VIRTUAL_CLOCK", env_kind::flag, 0, 1, "0",
     "time jumps to the next deadline when nothing is left to run; for tests and examples"},
    {env_id::debug, "HOCKET_DEBUG", env_kind::flag, 0, 1, "0", "debug mode, as asyncio's"},
    {env_id::stall_report, "HOCKET_STALL_REPORT", env_kind::spin, 0, 60 * nanos_per_second, "auto",
     "reports who computes for longer than this without an await that waits: task, function and stack; takes the "
     "signal SIGRTMAX - 1, and needs the standby; auto: 100ms in debug mode, else 0; 0: no reports"},
    {env_id::display_env, "HOCKET_DISPLAY_ENV", env_kind::display, 0, 1, "0",
     "prints every variable's effective value and its source to stderr at start-up; verbose: with meanings and CPU "
     "limits"},
}};

/// Names beginning so belong to our tests and benches; the runtime neither reads them nor warns about them.
inline constexpr std::array<const char*, 2> env_foreign_prefixes{"HOCKET_TEST_", "HOCKET_BENCH_"};

}  // namespace hocket::rt
