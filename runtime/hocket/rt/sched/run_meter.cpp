#include <hocket/rt/sched/run_meter.hpp>

#include <cstdio>
#include <utility>

#include <hocket/rt/sched/scheduler.hpp>

namespace hocket::rt {
namespace {

void note_run(std::uint32_t function, run_length length) noexcept {
  hog_record& record = hog_book::record(static_cast<std::uint16_t>(function));
  // Who computes at the start of a program, and then no more, is no news.
  if (record.note(length) != standing::convict || record.history().is_unknown() || !record.take_hint()) return;
  std::fprintf(stderr,
               "hocket: %s:%u: '%s' computes for long between two awaits: it gives way to I/O from here on; parallel() "
               "or checkpoint() would say so at once\n",
               record.file(), static_cast<unsigned>(record.line()), record.function());
}

}  // namespace

bool run_meter::begin_measured(const void* task, std::uint16_t function, standing s, run_habit habit,
                               bool may_defer) noexcept {
  hog_record& record = hog_book::record(function);
  measured_from_ = steady_now();
  if (s == standing::suspect && record.is_stale(measured_from_)) s = record.forgive();
  const run_history history = record.history();
  const bool is_convict = s == standing::convict || habit.is_bad();
  if (may_defer && (is_convict || (stands_in_ && history.hogs_mostly()))) return false;
  // What it does by habit says nothing of its function.
  if (habit.is_bad()) function_.store(function | noted, relaxed);  // order: as in begin()
  is_trial_ = !habit.is_bad() && history.is_unknown();
  bool is_doubtful = !habit.is_bad() && s == standing::suspect;
  if (is_trial_) {
    if (may_defer && stands_in_ && record.is_on_trial(measured_from_)) return false;
    record.begin_trial(measured_from_);
    // Those who stand for others take nothing on trust: while they are in a hog nobody else is there.
    is_doubtful |= stands_in_;
  }
  measures_ = true;
  task_ = task;
  habit_ = habit;
  cpu_from_ = clock_now(CLOCK_THREAD_CPUTIME_ID);
  is_convict_ = is_convict;
  const bool arms = is_doubtful || is_convict_;
  arms_.store(arms, relaxed);                               // order: a hint to others
  if (is_convict_) sched_.convicts_.fetch_add(1, relaxed);  // order: a hint
  if (arms) sched_.arm_standby();
  if (is_doubtful) sched_.expect_hog(measured_from_);
  return true;
}

run_length run_meter::measure() const noexcept {
  const nanos took = steady_now() - measured_from_;
  if (took < lengthy_time) return run_length::brief;
  // Preempted is not computed: only the thread's own time makes a hog.
  if (took < hog_time || clock_now(CLOCK_THREAD_CPUTIME_ID) - cpu_from_ < hog_time) return run_length::lengthy;
  return run_length::hog;
}

void run_meter::end_measured() noexcept {
  measures_ = false;
  task_ = nullptr;
  if (arms()) {
    arms_.store(false, relaxed);
    sched_.disarm_standby();
  }
  if (std::exchange(is_convict_, false)) sched_.convicts_.fetch_sub(1, relaxed);  // order: a hint
  const std::uint32_t f = function_.load(relaxed);
  if (is_trial_) hog_book::record(static_cast<std::uint16_t>(f)).end_trial();
  if (!(f & noted)) note_run(f, measure());
}

void run_meter::note_stuck(std::uint32_t running) noexcept {
  if (running == hog_book::nobody || (running & noted)) return;
  if (function_.compare_exchange_strong(running, running | noted, relaxed)) note_run(running, run_length::hog);
}

void run_meter::alarm_about_last_run() noexcept {
  const std::uint32_t f = function_.load(relaxed);
  if (f != hog_book::nobody && !(f & noted)) hog_book::record(static_cast<std::uint16_t>(f)).alarm();
}

}  // namespace hocket::rt
