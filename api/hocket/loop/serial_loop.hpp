// The serial door: asyncio's loop as a strand over the pool.
//
// One turn is one iteration of asyncio: what came from other threads, then the timers that are due, are put behind what
// is ready; then exactly those that stood there are run. So the ready queue is FIFO, equal deadlines fire in the order
// of their creation, and code between two suspending awaits is atomic for all other tasks of the loop, at any worker
// count.
//
// The loop stands still until a run starts it, and again when the turn is over in which it was stopped: pending tasks
// stay pending between two calls, as in CPython. While it stands, the strand counts as busy, so that what is posted
// waits in the inbox. Mirrors asyncio.BaseEventLoop._run_once, run_forever, stop.
#pragma once

#include <atomic>
#include <cstddef>

#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/strand.hpp>

namespace hocket {

class serial_strand final : public rt::strand, public rt::task_home {
 public:
  serial_strand(rt::scheduler& sched, loop_state& owner);

  void post(rt::runnable& r) noexcept override { strand::post(r); }
  void arm(rt::timer& t, rt::nanos deadline) override { timers_.arm(t, deadline); }
  bool cancel(rt::timer& t) noexcept override { return timers_.cancel(t); }
  rt::nanos now() const noexcept override { return sched().now(); }
  bool runs_here() const noexcept override { return strand::runs_here(); }
  bool is_turning_elsewhere() const noexcept override {
    return turning_.load(rt::acquire) && !runs_here();
  }  // order: K1
  void hold() noexcept override { add_ref(); }
  void let_go() noexcept override { release_ref(); }

  /// A run is to begin, whose end calls on_stop(argument). While it stands.
  void begin_run(void (*on_stop)(void*), void* argument) noexcept;
  /// Lets it turn until stop_soon().
  void go() noexcept;
  /// It stands when the current turn is over, or, while it stands, after the first turn of the next run. In a turn.
  void stop_soon() noexcept { stop_requested_ = true; }
  /// The same, and what is left of the turn stays ready. In a turn.
  void stop_at_once() noexcept {
    stop_requested_ = true;
    left_ = 0;
  }

  /// Runs what is queued, turn by turn, until nothing is. From the thread that closes the loop, while it stands.
  void drain();

 private:
  // The loop's one timer among the workers'.
  class wake_timer final : public rt::timer {
   public:
    explicit wake_timer(serial_strand& s) noexcept : loop_(s) {}

   private:
    // What it leaves in the loop's inbox.
    struct call final : rt::runnable {
      void run() noexcept override;
      std::atomic<bool> is_queued{false};  // it stands in the inbox or in the ready queue
    };

    void run() noexcept override;

    serial_strand& loop_;
    call call_;
  };

  ~serial_strand() override = default;
  void turn() noexcept override;
  after_turn turn_over() noexcept override;
  void queue_due_timers() noexcept;
  void set_wake_timer(rt::nanos deadline) noexcept;

  rt::timer_heap timers_;  // in a turn only
  wake_timer wake_timer_;
  rt::nanos wake_at_ = rt::never;     // what wake_timer_ was armed for
  std::size_t left_ = 0;              // of this turn; in a turn only
  bool stop_requested_ = false;       // in a turn, or while it stands
  std::atomic<bool> turning_{false};  // between go() and the stop
  void (*on_stop_)(void*) = nullptr;
  void* on_stop_argument_ = nullptr;
};

}  // namespace hocket
