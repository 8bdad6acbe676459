// A plain thread that waits where tasks do: its node stands in the same line, and it sleeps until it is woken.
//
// For threads outside of the pool, those of to_thread() included. On a worker, and in a loop's callback, waiting would
// keep everybody else from running: that is refused. Limits are real time, whatever clock the loops have; a thread of
// to_thread() that waits lets a virtual clock go on, any other thread is unknown to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <hocket/loop/delay.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket::rt {
class scheduler;
}

namespace hocket::sync {

/// Throws RuntimeError on a worker and where a loop's code runs. `call` would block; `instead` is what to co_await.
void refuse_to_block(const char* call, const char* instead);

/// On CLOCK_MONOTONIC; `never` for no limit.
rt::nanos deadline_of(const OptionalDelay& timeout) noexcept;

/// One wait of a thread, on its stack.
class thread_waiter final : public waiter {
 public:
  /// Waits as wait_at does. True: it took what it waited for. False: the deadline came first, it has left the line, and
  /// what it may have been granted was handed on.
  template <class State, class Rule = by_state<State>>
  [[nodiscard]] static bool try_wait(State& s, rt::nanos deadline, bool is_out_of_patience = false) {
    const rt::counted_ptr<State> held(&s);
    thread_waiter w(is_out_of_patience);
    wake_list woken;
    {
      const std::lock_guard guard(s.mutex);
      if (Rule::take_at_once(s)) return true;
      w.fate_ = fate::waiting;
      Rule::join(s, w, woken);
    }
    woken.wake_all();
    w.let_time_pass();
    w.sleep(deadline);
    bool taken;
    {
      const std::lock_guard guard(s.mutex);
      taken = w.is_granted();
      Rule::leave(s, w, taken, woken);
      w.fate_ = fate::over;
    }
    if (taken) {
      w.sleep(rt::never);  // the waker has the node in hand until then, and holds the time from then on
    } else {
      w.hold_time();
    }
    woken.wake_all();
    return taken;
  }

  /// The same. Throws TimeoutError.
  template <class State, class Rule = by_state<State>>
  static void wait(State& s, rt::nanos deadline) {
    if (!try_wait<State, Rule>(s, deadline)) throw TimeoutError();
  }

 private:
  friend void wake_thread(waiter& w) noexcept;

  explicit thread_waiter(bool is_out_of_patience) noexcept;

  void let_time_pass() noexcept;
  void hold_time() noexcept;
  void sleep(rt::nanos deadline) noexcept;
  void wake_up() noexcept;

  // A thread never suspends.
  bool commit(rt::task_base&) noexcept override { return false; }
  bool cancel(rt::task_base&) noexcept override { return false; }

  std::atomic<std::uint32_t> is_woken_{0};
  rt::scheduler* clock_ = nullptr;  // whose virtual time this thread holds while it does not wait
};

}  // namespace hocket::sync
