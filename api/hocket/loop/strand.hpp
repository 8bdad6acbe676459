// Strand: tasks that never run at once. In the parallel door, what asyncio's single thread gives for free.
#pragma once

#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/homes.hpp>

namespace hocket {

/// A counted handle. Tasks of a strand run one at a time, in the order in which they become ready, on whichever worker;
/// code between two suspending awaits is atomic for the others of the strand. Tasks that they create belong to the
/// strand as well. An extension.
class Strand {
 public:
  /// Of the running loop. Throws RuntimeError("no running event loop").
  Strand()
      : home_(rt::counted_ptr<shared_strand_home>::adopt(
            new shared_strand_home(running_loop().sched(), &running_loop()))) {}

  /// As hocket::create_task, on this strand. Any code that runs in its loop.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {}) const {
    return Task<T>(start_task(running_loop(), *home_, std::move(coro), options));
  }
  template <converts_to_coro A>
  auto create_task(A&& awaitable, TaskOptions options = {}) const {
    return create_task(Coro<typename std::decay_t<A>::value_type>(std::forward<A>(awaitable)), options);
  }

  /// Runs `coro` on the strand and gives its value. Cancelled: it is.
  template <class T>
  Coro<T> run(Coro<T> coro) const {
    Task<T> task = create_task(std::move(coro));
    co_return co_await std::move(task);
  }

 private:
  rt::counted_ptr<shared_strand_home> home_;
};

}  // namespace hocket
