// A strand: runnables that never run at once and keep their order, over a pool that runs everything else at once.
//
// Posted runnables come into an inbox, one word that also says whether the strand is idle. The first one into an idle
// strand queues the strand itself on the pool, where it is one runnable like any other; a worker then takes a turn of
// it: everything that was ready when the turn began, and no more. So what runs on a strand may be on any worker, but on
// one at a time, and each turn sees what the last one wrote (the inbox word and the pool's queues carry the order).
//
// Counted: a strand that is queued or running holds itself alive.
#pragma once

#include <atomic>
#include <cstdint>

#include <hocket/rt/base/runnable.hpp>
#include <hocket/rt/queue/inbox.hpp>

namespace hocket::rt {

class scheduler;

class strand : public runnable {
 public:
  explicit strand(scheduler& sched) noexcept;

  /// Queues `r` behind what is here. Any thread.
  void post(runnable& r) noexcept;

  /// Whether the calling thread is in a turn of this strand.
  bool runs_here() const noexcept;

  void add_ref() noexcept;
  void release_ref() noexcept;

 protected:
  virtual ~strand();

  /// One turn. The default runs what was ready when it began.
  virtual void turn() noexcept;

  /// After a turn. True: the strand has nothing to do and may go idle. False: queue it again. Derived loops may also
  /// keep it.
  enum class after_turn { again, idle, keep };
  virtual after_turn turn_over() noexcept { return ready_.empty() ? after_turn::idle : after_turn::again; }

  /// Queues the strand, whose turn it is not and which is busy by the caller's own doing.
  void queue_again() noexcept;

  /// Moves what has been posted from elsewhere behind what is ready. In a turn only.
  void take_inbox() noexcept { ready_.append(inbox_.drain()); }

  /// Runs the first `count` ready runnables. In a turn only.
  void run_ready(std::size_t count) noexcept;

  runnable_list ready_;  // in a turn only

  /// Starts busy, so that nothing runs before the owner says so: for loops that are started and stopped.
  struct busy {};
  strand(scheduler& sched, busy) noexcept;

 private:
  void run() noexcept final;

  scheduler& sched_;
  inbox<> inbox_;
  std::atomic<std::uint32_t> refs_{1};
};

}  // namespace hocket::rt
