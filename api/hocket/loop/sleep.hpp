// sleep: the calling task, and nothing else, waits.
#pragma once

#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/coro/task_base.hpp>

namespace hocket {

class sleep_wait : public rt::leaf_awaiter, private rt::timer {
 public:
  using value_type = void;
  explicit sleep_wait(Delay d) noexcept : is_only_a_turn_(d.nanos() <= 0) {
    number = static_cast<std::uint64_t>(d.nanos());
  }

  bool await_ready() const {
    refuse_reuse();
    return false;
  }
  bool commit(rt::task_base& self) noexcept override;
  bool cancel(rt::task_base& self) noexcept override;
  void await_resume() {
    finish_resume();
    if (cancelled_) throw_cancelled();
  }

  /// In asyncio sleep() is a coroutine: it may be made a task, gathered, limited.
  operator Coro<void>() &&;

 protected:
  /// Throws when it was awaited already: from then on a heap of timers keeps its own number where the delay was.
  void refuse_reuse() const {
    if (task_) throw_reused();
  }
  Delay delay() const;

 private:
  void run() noexcept final;
  [[noreturn]] void throw_cancelled() const;
  [[noreturn]] static void throw_reused();

  const bool is_only_a_turn_;  // zero or less: no timer is armed
  bool cancelled_ = false;
};

template <class T>
class sleep_wait_with_value : public sleep_wait {
 public:
  sleep_wait_with_value(Delay d, T value) : sleep_wait(d), value_(std::move(value)) {}
  using value_type = T;
  T await_resume() {
    sleep_wait::await_resume();
    return std::move(value_);
  }
  operator Coro<T>() && { return as_coro(delay(), std::move(value_)); }

 private:
  static Coro<T> as_coro(Delay d, T value) {
    co_await sleep_wait(d);
    co_return value;
  }
  T value_;
};

/// Suspends the calling task for `delay` (seconds, or a chrono duration), never shorter; zero or less gives the others
/// one turn. Gives `value` back when there is one. Cancelled: the timer goes, CancelledError is thrown. Throws
/// ValueError for NaN; RuntimeError when what it gave is awaited once more. A function object, so that POSIX ::sleep is
/// never picked by accident. Mirrors asyncio.sleep.
inline constexpr struct sleep_function {
  [[nodiscard("co_await it")]] sleep_wait operator()(Delay delay) const noexcept { return sleep_wait(delay); }
  template <class T>
  [[nodiscard("co_await it")]] sleep_wait_with_value<T> operator()(Delay delay, T value) const {
    return {delay, std::move(value)};
  }
} sleep;

}  // namespace hocket
