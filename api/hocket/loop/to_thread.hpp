// to_thread: calls that block, on threads of their own, so that no worker waits for them.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/rt/sched/blocking_pool.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket {

/// One call, owned by the pool of blocking threads until it has run.
template <class T, class F, class... Args>
class blocking_call final : public rt::runnable {
 public:
  blocking_call(Future<T> result, F fn, Args... args)
      : result_(std::move(result)), fn_(std::move(fn)), args_(std::move(args)...) {}

 private:
  void run() noexcept override {
    const std::unique_ptr<blocking_call> self(this);
    try {
      if constexpr (std::is_void_v<T>) {
        std::apply(fn_, std::move(args_));
        result_.try_set_result();
      } else {
        result_.try_set_result(std::apply(fn_, std::move(args_)));
      }
    } catch (...) {
      result_.try_set_exception(std::current_exception());
    }
  }

  Future<T> result_;
  F fn_;
  std::tuple<Args...> args_;
};

template <class F, class... Args>
Coro<std::invoke_result_t<F&, Args...>> call_on_thread(F fn, Args... args) {
  using T = std::invoke_result_t<F&, Args...>;
  loop_state& loop = running_loop();
  Future<T> result = create_future<T>(loop);
  auto call = std::make_unique<blocking_call<T, F, Args...>>(result, std::move(fn), std::move(args)...);
  loop.sched().blocking().submit(*call);
  call.release();
  co_return co_await std::move(result);
}

/// Calls `fn(args...)`, copies of which it owns, on a thread for calls that block (HOCKET_BLOCKING_THREADS), and gives
/// its value or throws its exception. Cancelled: the wait is abandoned, the call runs on, its outcome is dropped.
/// Mirrors asyncio.to_thread.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
auto to_thread(F&& fn, Args&&... args) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return call_on_thread<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...);
}

}  // namespace hocket
