// wait: until tasks are done, without caring how they end.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/gather.hpp>

namespace hocket {

enum class ReturnWhen { FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED };
inline constexpr ReturnWhen FIRST_COMPLETED = ReturnWhen::FIRST_COMPLETED;
inline constexpr ReturnWhen FIRST_EXCEPTION = ReturnWhen::FIRST_EXCEPTION;
inline constexpr ReturnWhen ALL_COMPLETED = ReturnWhen::ALL_COMPLETED;

struct WaitOptions {
  OptionalDelay timeout = {};
  ReturnWhen return_when = ALL_COMPLETED;
};

template <class Handle>
struct WaitResult {
  std::vector<Handle> done, pending;  // in input order
};

/// One wait: listens to its futures and completes its waiter when enough of them have ended.
class wait_core {
 public:
  /// Listens at once.
  static rt::counted_ptr<wait_core> make(loop_state& loop, const std::vector<rt::counted_ptr<future_core>>& futures,
                                         ReturnWhen when);

  const Future<>& enough() const noexcept { return enough_; }
  /// Stops listening: the futures forget this wait.
  void leave() noexcept;

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept;

 private:
  // Told when its future is done; in a serial loop it takes its turn in the ready queue.
  struct listener final : future_waiter, rt::runnable {
    listener(wait_core& w, rt::counted_ptr<future_core> f) noexcept;
    listener(listener&& other) noexcept : listener(other.wait, std::move(other.future)) {}
    void fire(future_core&) noexcept override;
    void run() noexcept override { wait.one_done(*future); }
    void tell(awaiting_parties& to) const override;
    wait_core& wait;
    rt::counted_ptr<future_core> future;
  };

  wait_core(loop_state& loop, std::size_t futures, ReturnWhen when);
  ~wait_core() = default;
  void one_done(future_core& f) noexcept;

  rt::task_home* const serial_home_;  // where the futures' ends take their turn; null on the pool
  Future<> enough_;
  ReturnWhen when_;
  std::vector<listener> listeners_;
  std::atomic<std::size_t> left_;
  mutable std::atomic<std::uint32_t> refs_{1};
};

/// Whether a wait on the pool need not suspend at all.
bool enough_done(const std::vector<rt::counted_ptr<future_core>>& futures, ReturnWhen when) noexcept;

/// The waiting part of wait(): in a serial loop at least two turns, also for what is done already.
Coro<> wait_for_enough(std::vector<rt::counted_ptr<future_core>> futures, WaitOptions options);

/// Waits for tasks or futures until all are done, or as `return_when` says, or until the timeout. Gives which are done
/// and which are pending, each once; never throws their exceptions and never cancels them. Cancelled: the tasks run on.
/// Throws ValueError for an empty list. Coroutines are refused: make them tasks. Mirrors asyncio.wait.
template <class Handle>
Coro<WaitResult<Handle>> wait_for_handles(std::vector<Handle> handles, WaitOptions options) {
  if (handles.empty()) throw ValueError("Set of Tasks/Futures is empty.");
  handles = without_repetition(handles);
  std::vector<rt::counted_ptr<future_core>> futures;
  for (const Handle& h : handles) futures.emplace_back(h.state());
  co_await rt::turn_point();
  co_await wait_for_enough(std::move(futures), options);
  WaitResult<Handle> result;
  for (Handle& h : handles) {
    const bool done = h.done();
    (done ? result.done : result.pending).push_back(std::move(h));
  }
  co_return result;
}

inline constexpr struct wait_function {
  template <class Handle>
  Coro<WaitResult<Handle>> operator()(std::vector<Handle> handles, WaitOptions options = {}) const {
    static_assert(!is_coro<Handle>,
                  "Passing coroutines is forbidden, use tasks explicitly: wait takes tasks, wrap each in create_task");
    return wait_for_handles(std::move(handles), options);
  }
} wait;

}  // namespace hocket
