// What a scheduler is asked to be, and what it is once the environment has filled the gaps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

/// What the creator asks for. Zero, -1 and nullopt leave the choice to the environment table (base/env_table.hpp).
struct scheduler_options {
  unsigned workers = 0;
  unsigned blocking_threads = 0;
  int standby = -1;                         // 0: none, 1: one
  int follow_quota = -1;                    // 0: no, 1: also where the number of workers was asked for
  int pace_to_quota = -1;                   // 0: no
  nanos quota_interval = nanos_per_second;  // between two looks, for tests; likewise where /proc and /sys are:
  std::filesystem::path quota_root = "/";
  int learns = -1;          // 0: it does not learn who hogs, 1: it does; only with a standby
  int followers = -1;       // at most; only with learning
  int budget = -1;          // operations that a task may do without waiting; 0: any number
  nanos budget_slice = -1;  // how long it may go on so; 0: any time
  nanos stall_report = -1;  // a run that takes longer is reported; 0: none is; only with a standby
  bool virtual_clock = false;
  std::optional<std::uint64_t> seed = {};
};

/// What it becomes. Every field holds.
struct scheduler_plan {
  unsigned workers = 1;
  unsigned blocking_threads = 1;
  bool standby = false;
  bool follow_quota = false;   // workers step aside when it shrinks
  bool pace_to_quota = false;  // long work waits, so that the process is not throttled
  double cpus = 1;             // that it may use without a quota
  nanos quota_interval = 0;
  std::filesystem::path quota_root;
  bool learns = false;     // which functions hog
  unsigned followers = 0;  // at most; 0: none
  unsigned standers = 0;   // how many threads are to stand in the reactor while hogs run; 0: as many as seems wise
  bool virtual_clock = false;
  std::optional<std::uint64_t> seed = {};
  unsigned budget = 0;           // operations that a task may do without waiting before it gives way; 0: any number
  nanos budget_slice = 0;        // how long it may go on so; 0: any time
  nanos stall_report = 0;        // a run that takes longer is reported; 0: none is
  unsigned nice_boost = 0;       // by so much threads who serve events ask for a lower nice value
  nanos slice = 0;               // that threads who serve events ask of the kernel; 0: none
  nanos spin = 0;                // how long a searcher goes on looking before it parks
  nanos poll_interval = 0;       // how soon a busy worker looks at timers, and at sockets (worker::look_when_due)
  std::vector<unsigned> pin_to;  // worker i runs on pin_to[i % size()]; empty: not pinned
};

/// Reads process_settings(). A seed means one worker unless told otherwise: only one worker's schedule replays. A
/// virtual clock rules the standby out: it would run beside the workers, and what it does is not part of "nothing
/// runs".
scheduler_plan make_plan(const scheduler_options& asked);

}  // namespace hocket::rt
