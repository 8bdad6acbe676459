// shield: an await that may be cancelled without cancelling what it waits for.
//
// The outer future that shield gives ends as the inner one does. Cancelling the outer leaves the inner alone; when the
// inner fails after that, nobody awaits its exception any more, and the loop's exception handler is told of it, once.
// Mirrors asyncio.shield as of CPython 3.14.
#pragma once

#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/gather.hpp>

namespace hocket {

/// Passes the inner future's end on. Owns itself, until that end.
class shield_link : private future_waiter, private rt::runnable {
 public:
  /// Listens; or passes on at once, when `inner` is done.
  void begin(future_core& inner);

 protected:
  explicit shield_link(loop_state& loop) noexcept;
  virtual ~shield_link() = default;

  virtual future_core& outer() const noexcept = 0;
  virtual void pass_value() = 0;

 private:
  void fire(future_core&) noexcept override;
  void drop() noexcept override { delete this; }
  void tell(awaiting_parties& to) const override;
  void run() noexcept override { pass_on(); }
  void pass_on() noexcept;
  void report_abandoned() const noexcept;

  rt::counted_ptr<loop_state> loop_;
  rt::task_home* const serial_home_;    // where the inner's end takes its turn; null on the pool
  rt::counted_ptr<future_core> inner_;  // once it is done; before, it has this link, and not the other way round
};

template <class T>
class shield_link_of final : public shield_link {
 public:
  shield_link_of(loop_state& loop, value_cell<T>& cell, Future<T> outer)
      : shield_link(loop), cell_(cell), outer_(std::move(outer)) {}

 private:
  future_core& outer() const noexcept override { return *outer_.state(); }
  void pass_value() override {
    if constexpr (std::is_void_v<T>) {
      outer_.try_set_result();
    } else {
      outer_.try_set_result(take_or_copy(*cell_.value));
    }
  }

  value_cell<T>& cell_;
  Future<T> outer_;
};

/// A future that ends as `awaitable` (a coroutine, which becomes a task, a Task or a Future) does. Cancelling it, or
/// the task that awaits it, does not cancel `awaitable`; when that is cancelled, so is this. Any code that runs in a
/// loop. Mirrors asyncio.shield.
template <gatherable A>
auto shield(A&& awaitable) {
  using T = awaited_t<A>;
  const auto inner = ensure_future(std::forward<A>(awaitable));
  loop_state* loop = loop_state::running_here();
  if (!loop) loop = inner.state()->loop();
  if (!loop) throw RuntimeError("no running event loop");
  Future<T> outer = create_future<T>(*loop);
  (new shield_link_of<T>(*loop, *inner.state(), outer))->begin(*inner.state());
  return outer;
}

}  // namespace hocket
