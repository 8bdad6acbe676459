#include <hocket/rt/sched/stall_report.hpp>

#include <bit>
#include <cinttypes>
#include <cstdio>

#include <hocket/rt/base/symbols.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_start.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

constexpr unsigned most_lines = 24;  // of a stack

std::string text_of(const code_place& place) {
  std::string text = place.function.empty() ? "?" : place.function;
  if (!place.file.empty()) text += " at " + place.file + (place.line > 0 ? ":" + std::to_string(place.line) : "");
  return text;
}

/// What stands below it is how the worker came there, which is always the same.
bool is_of_the_runtime(const std::string& function) {
  return function.starts_with("hocket::rt::task_base::") || function.starts_with("hocket::rt::worker::") ||
         function.starts_with("hocket::rt::strand::");
}

void append_stack(std::string& out, const stall_shot& shot) {
  unsigned lines = 0;
  for (unsigned i = 0; i < shot.depth; ++i) {
    const auto places = places_of(shot.at[i], i > 0);
    if (lines > 0 && is_of_the_runtime(places.back().function)) return;
    for (const code_place& place : places) {
      if (lines == most_lines) return;
      out += (lines == 0 ? "hocket:   it is in " : "hocket:     called by ") + text_of(place) + "\n";
      ++lines;
    }
  }
}

std::string seat_name(const scheduler& sched, const worker& w) {
  if (w.index() < sched.workers()) return "worker " + std::to_string(w.index());
  return w.index() == sched.workers() ? "the standby" : "follower " + std::to_string(w.index() - sched.workers() - 1);
}

}  // namespace

stall_report::stall_report(scheduler& sched, nanos threshold)
    : sched_(sched), threshold_(threshold), has_signal_(stall_probe::install()) {
  if (!has_signal_) {
    std::fprintf(stderr,
                 "hocket: HOCKET_STALL_REPORT: signal %d (SIGRTMAX - 1) has a handler of somebody else: stalls are "
                 "reported without the task and the stack\n",
                 stall_probe::signal());
  }
  thread_ = start_thread({"hocket-sr"}, [this] { main(); });
}

bool stall_report::note(unsigned index, std::uint64_t runs, const void* task, nanos since) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || noted_) return false;
  noted_ = {.index = index, .runs = runs, .task = task, .since = since};
  changed_.notify_one();
  return true;
}

void stall_report::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void stall_report::main() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stops_ || noted_; });
    if (stops_) return;
    const stall s = *noted_;
    lock.unlock();
    try {
      report(s);
    } catch (...) {
      // No memory for a report: the program has other worries.
    }
    lock.lock();
    noted_.reset();
  }
}

bool stall_report::goes_on(const stall& s) const noexcept {
  const worker& w = sched_.seat(s.index);
  return w.counters().runs.read() == s.runs && w.runs_task() == s.task && w.runs_now();
}

/// The first stall of a function, its second, fourth, eighth: a server that stalls at every request is to say so, and
/// not to fill the disk.
bool stall_report::is_to_be_told(const running_task& task, unsigned& times) {
  times = ++times_[{task.function, task.line}];
  return std::has_single_bit(times);
}

void stall_report::report(const stall& s) {
  if (!goes_on(s)) return;
  worker& w = sched_.seat(s.index);
  stall_shot shot;
  const bool was_seen = has_signal_ && stall_probe::take(w.thread_id(), shot);
  const nanos lasted = steady_now() - s.since;
  if (was_seen) {
    if (shot.runs != s.runs || shot.task_address != s.task) return;  // it has come back in the last moment
    if (shot.is_declared) return;                                    // it said that it would compute for long
  } else if (w.is_declared_hog()) {
    return;
  } else if (const hog_record* known = w.meter().runs_function()) {
    shot.task.function = known->function();
    shot.task.file = known->file();
    shot.task.line = known->line();
  }
  unsigned times = 0;
  if (!is_to_be_told(shot.task, times)) return;

  std::string out = "hocket: " + seat_name(sched_, w) + " has been in ";
  out += !s.task             ? "something that is no task"
         : shot.task.name[0] ? "the task '" + std::string(shot.task.name.data()) + "'"
                             : "one task";
  out += " for " + std::to_string(lasted / nanos_per_ms) + " ms without an await that waits";
  if (shot.task.function) {
    out += ": '" + std::string(shot.task.function) + "' at " + shot.task.file + ":" + std::to_string(shot.task.line);
  }
  if (times > 1) out += "; " + std::to_string(times) + " times by now";
  out += "\n";
  if (was_seen && shot.depth > 0) {
    append_stack(out, shot);
  } else {
    out += was_seen ? "hocket:   its stack could not be read\n" : "hocket:   it did not answer, so there is no stack\n";
  }
  std::fwrite(out.data(), 1, out.size(), stderr);
  printed_.fetch_add(1, relaxed);  // order: a number
}

}  // namespace hocket::rt
