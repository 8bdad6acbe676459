// Who waits for a future, and where they stand: what call_graph.hpp shows.
//
// The waiters in a future's list say which task they wake, or, where they are gather's, shield's or wait()'s, which
// future completes because of them; then those who wait for that one are asked. So nothing is written down while tasks
// run. Frames are read only while they cannot run: README.md of rt/coro, "To look".
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <hocket/loop/future_core.hpp>
#include <hocket/loop/task.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/coro/promise.hpp>

namespace hocket {

/// A look at one task, or at a part of one (a child of when_all), that keeps it from running on until it ends.
class task_look {
 public:
  /// The party is there: it has not ended, or the caller holds a reference.
  explicit task_look(rt::task_base& party) noexcept;
  task_look(task_look&& other) noexcept
      : whole_(std::move(other.whole_)), party_(other.party_), held_(std::exchange(other.held_, hold::none)) {}
  task_look& operator=(task_look&&) = delete;
  ~task_look() {
    if (held_ == hold::claimed) party_->end_look();
  }

  /// From here on it can be read, if it can. Waits for nobody.
  void begin() noexcept;

  const rt::counted_ptr<task_core>& whole() const noexcept { return whole_; }
  const rt::task_base* party() const noexcept { return party_; }
  /// Whether its code is what calls.
  bool is_current() const noexcept { return held_ == hold::current; }
  /// False: another worker runs it, or it stands in a queue of the pool; or it has ended.
  bool can_be_read() const noexcept { return held_ != hold::none; }

  /// Where its coroutines stand, innermost first; those of the tasks that it is a part of come last.
  std::vector<rt::coroutine_place> places() const;

 private:
  enum class hold : std::uint8_t {
    none,
    current,  // the calling code is of it: it does not run on meanwhile
    at_rest,  // it is of the home where the calling code runs, alone
    claimed,  // it is suspended, and stays so by our claim
  };

  rt::counted_ptr<task_core> whole_;
  rt::task_base* party_;
  hold held_ = hold::none;
};

class awaiting_parties {
 public:
  /// Asks all who wait for `f`. Any thread.
  explicit awaiting_parties(const future_core& f);
  awaiting_parties(const awaiting_parties&) = delete;
  awaiting_parties& operator=(const awaiting_parties&) = delete;

  /// Each once, in the order in which they came.
  const std::vector<task_look>& looks() const noexcept { return looks_; }

  // --- for those who are asked, under the mutex of their list ---

  /// `party` waits, and stays at least until that mutex is free.
  void add(rt::task_base& party);
  /// So do those who wait for `f`.
  void add_those_of(future_core& f);

 private:
  std::vector<task_look> looks_;
  std::vector<rt::counted_ptr<future_core>> by_way_of_;
};

}  // namespace hocket
