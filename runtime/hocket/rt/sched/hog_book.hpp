// What is known of the functions that tasks run: which of them compute long between two suspensions.
//
// A task's function is its root coroutine's: what a program calls "the handler", "the job". The leaf at which a task
// stands says less: it is mostly a read or a sleep of the library, which all functions share. One record per function,
// for the whole process; a record is never removed, for the program's text does not shrink. So a task notes its
// record's number, and needs no note of its own of where its function is.
//
// A record remembers how its measured runs went, and stands accordingly:
//
//   fresh     not yet known: measured
//   clean     known to be short: not measured any more, and costs a load per run
//   lengthy   mostly takes tens of microseconds: measured, for it may become worse
//   suspect   hogged within its last few hundred runs, and not long ago: the standby and a follower stand by while it
//             runs
//   convict   nearly every run hogs: bulk work, and the standby stands by
//
// A single task may hog by habit though its function does not (run_habit): what it runs is treated as a convict's, and
// says nothing of the function.
//
// Calls: any thread. Orders: all relaxed, it is advice.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <source_location>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

inline constexpr nanos hog_time = nanos_per_ms / 2;       // a run that takes longer hogs
inline constexpr nanos lengthy_time = 40 * nanos_per_us;  // one that takes longer is not short

enum class standing : std::uint8_t { fresh, clean, lengthy, suspect, convict };

enum class run_length : std::uint8_t { brief, lengthy, hog };

/// What the runs of one function were like, in one word. A value: what follows a run is a new one.
class run_history {
 public:
  constexpr run_history() = default;
  explicit constexpr run_history(std::uint64_t word) noexcept : word_(word) {}
  constexpr std::uint64_t word() const noexcept { return word_; }

  constexpr standing now() const noexcept { return static_cast<standing>(word_ >> 61); }

  constexpr run_history after(run_length r) const noexcept {
    const std::uint64_t seen = std::min(this->seen() + 1, memory);
    // The mean of the first 64 runs; later each run weighs a 64th. A handler that is heavy now and then is never near
    // the threshold, however its heavy runs bunch.
    const std::uint64_t hog = r == run_length::hog ? whole : 0;
    const std::uint64_t share = hog >= this->share() ? this->share() + (hog - this->share()) / seen
                                                     : this->share() - (this->share() - hog + seen - 1) / seen;
    const std::uint64_t doubt = r == run_length::hog ? doubted_runs : this->doubt() - (this->doubt() > 0);
    const std::uint64_t longs = (this->longs() << 1 | (r != run_length::brief)) & mask(long_window);
    return make(share, longs, seen, std::min(measured() + 1, trial), doubt, now());
  }

  /// A function's run that was not measured looked long: it is measured again for a while, with its good name.
  constexpr run_history alarmed() const noexcept {
    if (now() != standing::clean && now() != standing::lengthy) return *this;
    return make(share(), longs(), seen(), 0, doubt(), standing::fresh);
  }

  /// Its last hog is long past.
  constexpr run_history forgiven() const noexcept { return make(share(), longs(), seen(), measured(), 0, now()); }

  /// Too few runs were seen to say anything.
  constexpr bool is_unknown() const noexcept { return seen() < 8; }

  /// Half of its runs or more hogged: nothing for those who stand by for others.
  constexpr bool hogs_mostly() const noexcept { return share() >= whole / 2; }

 private:
  static constexpr std::uint64_t memory = 64;         // runs that the share looks back on, about
  static constexpr std::uint64_t trial = 16;          // runs that are measured before a function is trusted
  static constexpr std::uint64_t doubted_runs = 400;  // so long after its last hog a function is suspected
  static constexpr std::uint64_t whole = 0xffff;
  static constexpr unsigned long_window = 8;
  static constexpr unsigned share_at = 0, doubt_at = 16, seen_at = 32, measured_at = 40, longs_at = 48;

  static constexpr std::uint64_t mask(unsigned bits) noexcept { return (std::uint64_t{1} << bits) - 1; }
  constexpr std::uint64_t share() const noexcept { return word_ >> share_at & mask(16); }
  constexpr std::uint64_t doubt() const noexcept { return word_ >> doubt_at & mask(16); }
  constexpr std::uint64_t seen() const noexcept { return word_ >> seen_at & mask(8); }
  constexpr std::uint64_t measured() const noexcept { return word_ >> measured_at & mask(8); }
  constexpr std::uint64_t longs() const noexcept { return word_ >> longs_at & mask(long_window); }

  static constexpr run_history make(std::uint64_t share, std::uint64_t longs, std::uint64_t seen,
                                    std::uint64_t measured, std::uint64_t doubt, standing before) noexcept {
    return run_history(share << share_at | doubt << doubt_at | seen << seen_at | measured << measured_at |
                       longs << longs_at |
                       static_cast<std::uint64_t>(judge(share, longs, seen, measured, doubt, before)) << 61);
  }

  // Two hogs of a function of which nothing else is known are enough. Who is once convicted is let go when less than
  // half of its runs are hogs.
  static constexpr standing judge(std::uint64_t share, std::uint64_t longs, std::uint64_t seen, std::uint64_t measured,
                                  std::uint64_t doubt, standing before) noexcept {
    if (seen >= 2 && share >= (before == standing::convict ? whole / 2 : whole * 3 / 4)) return standing::convict;
    if (doubt > 0) return standing::suspect;
    if (measured < trial) return standing::fresh;
    return std::popcount(longs) >= (before == standing::lengthy ? 4 : 6) ? standing::lengthy : standing::clean;
  }

  std::uint64_t word_ = 0;
};

/// How the last runs of one task went, in two bits: a saturating counter, as branch predictors have. For a function
/// that is light for most of its tasks and heavy for a few, such as a handler of connections of which some ask for
/// much.
class run_habit {
 public:
  static constexpr unsigned bits = 2;

  constexpr run_habit() = default;
  explicit constexpr run_habit(unsigned count) noexcept : count_(static_cast<std::uint8_t>(count)) {}
  constexpr std::uint8_t count() const noexcept { return count_; }

  /// It never hogged, or has made good for it.
  constexpr bool is_good() const noexcept { return count_ == 0; }
  /// It hogged in two runs more than it did not, of late: so will the next one.
  constexpr bool is_bad() const noexcept { return count_ >= 2; }

  constexpr run_habit after(run_length r) const noexcept {
    if (r == run_length::hog) return run_habit(std::min(count_ + 1, (1 << bits) - 1));
    return run_habit(count_ - (count_ > 0));
  }

 private:
  std::uint8_t count_ = 0;
};

class alignas(cache_line) hog_record {
 public:
  standing now() const noexcept { return history().now(); }
  run_history history() const noexcept { return run_history(word_.load(relaxed)); }

  /// Gives how the function stands after this run.
  standing note(run_length r) noexcept;
  void alarm() noexcept;

  /// Of a suspect: its last hog is so long past that it is suspected no more, however few its runs were since.
  bool is_stale(nanos current) const noexcept { return current - hogged_at_.load(relaxed) > forgiven_after; }
  /// Gives how it stands after that.
  standing forgive() noexcept;

  /// Around the runs of a function of which too little is known.
  void begin_trial(nanos current) noexcept {
    // order: a hint; the time belongs to the first of those that run at once.
    if (trials_.fetch_add(1, relaxed) == 0) trial_since_.store(current, relaxed);
  }
  void end_trial() noexcept { trials_.fetch_sub(1, relaxed); }
  /// Somebody has been at such a run for longer than a short one takes: let others see how it ends.
  bool is_on_trial(nanos current) const noexcept {
    return trials_.load(relaxed) > 0 && current - trial_since_.load(relaxed) > lengthy_time;
  }

  /// True for one caller: nobody has told people of it yet.
  bool take_hint() noexcept { return !hinted_.load(relaxed) && !hinted_.exchange(true, relaxed); }

  const char* function() const noexcept { return function_.load(relaxed); }
  const std::source_location& where() const noexcept { return where_; }
  const char* file() const noexcept { return where_.file_name(); }
  std::uint_least32_t line() const noexcept { return where_.line(); }

 private:
  friend class hog_book;

  // Hogs of a few milliseconds that come more rarely keep others waiting for less than a hundredth of the time.
  static constexpr nanos forgiven_after = nanos_per_second / 2;

  template <class Change>
  standing change(Change next) noexcept;

  std::atomic<std::uint64_t> word_{0};
  std::atomic<const char*> function_{nullptr};  // null: free
  std::atomic<nanos> trial_since_{0};
  std::atomic<nanos> hogged_at_{0};
  std::atomic<std::uint32_t> trials_{0};
  std::source_location where_;  // written by whoever took the record
  std::atomic<bool> taken_{false};
  std::atomic<bool> hinted_{false};
};

class hog_book {
 public:
  static constexpr std::uint16_t nobody = 0;

  /// The number of a function's record; nobody when the book is full.
  static std::uint16_t id_of(const std::source_location& where) noexcept;
  static hog_record& record(std::uint16_t id) noexcept { return records_[id]; }

 private:
  static std::uint16_t find(const std::source_location& where) noexcept;

  static constexpr std::size_t size = 2048;
  static hog_record records_[size];
};

}  // namespace hocket::rt
