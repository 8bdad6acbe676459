// A barrier: tasks wait until so many have arrived, then all go on.
//
//   filling --the last arrives--> draining --the last has left--> filling
//   filling, draining --reset, somebody inside--> resetting --the last has left--> filling
//   any --abort--> broken --reset--> resetting, or filling when nobody is inside
//
// Who waits inside looks at the state when it runs, not when it is woken: an abort or a reset in between still reaches
// it. Who comes while it drains or resets stands outside until it fills again. asyncio keeps this under a lock that
// tasks wait for; here each step is one short critical section. After: CPython 3.13, Lib/asyncio/locks.py, class
// Barrier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <hocket/sync/repr.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

struct barrier_state final : counted<barrier_state> {
  enum class phase : std::uint8_t { filling, draining, resetting, broken };

  explicit barrier_state(std::size_t n) noexcept : parties(n) {}

  rt::futex_mutex mutex;
  const std::size_t parties;
  // guarded by mutex
  phase now = phase::filling;
  std::size_t inside = 0;  // have arrived and not left yet
  waiting_line line;       // of both kinds

  struct until_open {
    static bool holds(const barrier_state& s) noexcept { return s.is_open(); }
  };
  struct until_tripped {
    static bool holds(const barrier_state& s) noexcept { return s.now != phase::filling; }
  };
  template <class Condition>
  struct rule {
    static bool take_at_once(const barrier_state& s) noexcept { return Condition::holds(s); }
    static void join(barrier_state& s, waiter& w, wake_list&) noexcept { s.line.push_back(w); }
    static void drop(barrier_state& s, waiter& w) noexcept { s.line.erase(w); }
    static void leave(barrier_state& s, waiter& w, bool taken, wake_list& woken) noexcept {
      if (w.is_waiting()) s.line.erase(w);
      // As asyncio's condition does: whoever gives up has another look in its place.
      if (!taken && !s.line.empty()) woken.grant(*s.line.pop_front());
    }
  };
  template <class Condition>
  class wait_until final : public wait_at<barrier_state, rule<Condition>> {
   public:
    explicit wait_until(barrier_state& s) noexcept : wait_at<barrier_state, rule<Condition>>(s) {}
    void await_resume() { this->finish_wait(); }
  };

  bool is_open() const noexcept { return now != phase::draining && now != phase::resetting; }

  void change(phase next, wake_list& woken) noexcept {
    now = next;
    woken.grant_all(line);
  }

  /// Gives the caller's index; nothing when it must wait outside. Throws BrokenBarrierError.
  std::optional<std::size_t> try_arrive() {
    std::size_t index;
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (!is_open()) return std::nullopt;
      if (now == phase::broken) throw BrokenBarrierError("Barrier aborted");
      index = inside++;
      if (inside == parties) change(phase::draining, woken);
    }
    woken.wake_all();
    return index;
  }

  enum class departure : std::uint8_t { not_yet, passed, broken };

  /// Of one who is inside. `gives_up`: it leaves in any case.
  departure try_leave(bool gives_up = false) noexcept {
    departure how;
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (now == phase::filling && !gives_up) return departure::not_yet;
      how = now == phase::draining ? departure::passed : departure::broken;
      if (--inside == 0) change(is_open() ? now : phase::filling, woken);
    }
    woken.wake_all();
    return how;
  }

  void reset() noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      change(inside > 0 ? phase::resetting : phase::filling, woken);
    }
    woken.wake_all();
  }
  void abort() noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      change(phase::broken, woken);
    }
    woken.wake_all();
  }

  /// That somebody is inside; gives up at its end if it has not left.
  class presence {
   public:
    explicit presence(barrier_state& s) noexcept : state_(s) {}
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    ~presence() {
      if (!has_left_) state_.try_leave(true);
    }
    /// True: it passed. Throws BrokenBarrierError.
    bool try_pass() {
      const departure how = state_.try_leave();
      has_left_ = how != departure::not_yet;
      if (how == departure::broken) throw BrokenBarrierError("Abort or reset of barrier");
      return has_left_;
    }

   private:
    barrier_state& state_;
    bool has_left_ = false;
  };

  static Coro<std::size_t> wait(rt::counted_ptr<barrier_state> s) {
    co_await rt::turn_point();
    std::optional<std::size_t> index = s->try_arrive();
    while (!index) {
      co_await wait_until<barrier_state::until_open>(*s);
      index = s->try_arrive();
    }
    presence me(*s);
    while (!me.try_pass()) co_await wait_until<barrier_state::until_tripped>(*s);
    co_return *index;
  }

  std::size_t wait_on_thread(rt::nanos deadline) {
    std::optional<std::size_t> index = try_arrive();
    for (; !index; index = try_arrive()) thread_waiter::wait<barrier_state, rule<until_open>>(*this, deadline);
    presence me(*this);
    while (!me.try_pass()) thread_waiter::wait<barrier_state, rule<until_tripped>>(*this, deadline);
    return *index;
  }

  static Coro<> reset_it(rt::counted_ptr<barrier_state> s) {
    s->reset();
    co_return;
  }
  static Coro<> abort_it(rt::counted_ptr<barrier_state> s) {
    s->abort();
    co_return;
  }
};

}  // namespace sync

/// Holds up tasks until `parties` have arrived. A copy is the same barrier; any loop, worker or thread may use it.
/// Mirrors asyncio.Barrier.
class Barrier {
 public:
  /// Throws ValueError "parties must be > 0".
  explicit Barrier(std::ptrdiff_t parties) {
    if (parties < 1) throw ValueError("parties must be > 0");
    state_ = rt::counted_ptr(new sync::barrier_state(static_cast<std::size_t>(parties)));
  }

  /// Waits until `parties` have arrived, then releases them all; gives each its place in the order of arrival, 0 to
  /// parties - 1. Suspends unless it is the last to arrive, and while those of the last time have not all left.
  /// Cancelled while waiting: leaves, and the others wait for one more; as in asyncio, a place may then be given twice.
  /// Throws BrokenBarrierError. Stands for `async with barrier as i`, too. Mirrors Barrier.wait.
  Coro<std::size_t> wait() const { return sync::barrier_state::wait(state_); }

  /// wait() for a plain thread, which sleeps, `timeout` of real time at most; then it leaves, and TimeoutError is
  /// thrown. Throws RuntimeError on a worker and in a running loop. An extension.
  std::size_t wait_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Barrier.wait_blocking()", "wait()");
    const rt::counted_ptr<sync::barrier_state> held = state_;
    return held->wait_on_thread(sync::deadline_of(timeout));
  }

  /// Back to the beginning: whoever waits inside gets a BrokenBarrierError. Does not suspend. Mirrors Barrier.reset.
  Coro<> reset() const { return sync::barrier_state::reset_it(state_); }

  /// Breaks it: whoever waits or comes gets a BrokenBarrierError, until reset(). Does not suspend. Mirrors
  /// Barrier.abort.
  Coro<> abort() const { return sync::barrier_state::abort_it(state_); }

  std::size_t parties() const noexcept { return state_->parties; }

  /// How many have arrived and wait for the rest. Any thread. Mirrors Barrier.n_waiting.
  std::size_t n_waiting() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return waiting_of(*state_);
  }
  /// Any thread. Mirrors Barrier.broken.
  bool broken() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->now == phase::broken;
  }

  friend bool operator==(const Barrier&, const Barrier&) = default;

  /// `<asyncio.locks.Barrier object at 0x7f... [filling, waiters:2/5]>`, as Python prints it.
  friend std::ostream& operator<<(std::ostream& out, const Barrier& b) {
    static constexpr const char* names[] = {"filling", "draining", "resetting", "broken"};
    const std::lock_guard guard(b.state_->mutex);
    std::string condition = names[static_cast<std::size_t>(b.state_->now)];
    if (b.state_->now != phase::broken) {
      condition += ", waiters:" + std::to_string(waiting_of(*b.state_)) + "/" + std::to_string(b.state_->parties);
    }
    return out << sync::object_text("Barrier", b.state_.get(), condition);
  }

 private:
  using phase = sync::barrier_state::phase;

  static std::size_t waiting_of(const sync::barrier_state& s) noexcept {
    return s.now == phase::filling ? s.inside : 0;
  }

  rt::counted_ptr<sync::barrier_state> state_;
};

}  // namespace hocket
