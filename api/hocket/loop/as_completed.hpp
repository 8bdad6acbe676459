// as_completed: tasks in the order in which they end.
//
//   for (auto next : as_completed(tasks)) { auto value = co_await std::move(next); ... }    each await: the next result
//   ASYNC_FOR(auto task, as_completed(tasks)) { ... }                                       the handles, as they end
//
// Breaking out ends nothing: another loop over the same object goes on with those that are left. Mirrors
// asyncio.as_completed as of CPython 3.13, plain and asynchronous.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/gather.hpp>

namespace hocket {

struct AsCompletedOptions {
  OptionalDelay timeout = {};  // for all of them together
};

/// The ends of some futures, in their order, and who waits for the next.
class completion_queue {
 public:
  /// Listens at once. No future twice.
  static rt::counted_ptr<completion_queue> make(loop_state& loop, std::vector<rt::counted_ptr<future_core>> futures,
                                                OptionalDelay timeout);

  /// Takes the right to ask for one more end. False when every end has been asked for.
  bool claim() noexcept;
  bool is_exhausted() const noexcept { return unclaimed_.load(rt::relaxed) == 0; }  // order: a number

  /// Which ended next, as an index. For each claim once. Throws TimeoutError when the time is up and no other has
  /// ended. Cancelled: the claim is lost, the end goes to the next who asks.
  static Coro<std::size_t> next(rt::counted_ptr<completion_queue> self);

  void add_ref() const noexcept { refs_.fetch_add(1, rt::relaxed); }  // order: whoever adds one holds one
  void release_ref() const noexcept;

 private:
  // Told when its future is done; in a serial loop it takes its turn in the ready queue.
  struct listener final : future_waiter, rt::runnable {
    listener(completion_queue& q, rt::counted_ptr<future_core> f) noexcept;
    listener(listener&& other) noexcept : listener(other.queue, std::move(other.future)) {}
    void fire(future_core&) noexcept override { take_turn(); }
    void run() noexcept override { queue.one_done(*this); }
    void take_turn() noexcept;
    completion_queue& queue;
    rt::counted_ptr<future_core> future;
  };

  completion_queue(loop_state& loop, std::size_t futures);
  ~completion_queue() = default;

  void one_done(listener& l) noexcept;
  void time_is_up() noexcept;
  /// An index, or nothing when the caller is to await `turn`.
  std::optional<std::size_t> take_or_wait(Future<>& turn);
  /// The wait for `turn` was cut short: a wake that came for it goes on.
  void leave(const Future<>& turn) noexcept;
  bool wake_one() noexcept;

  rt::counted_ptr<loop_state> loop_;
  rt::task_home* const serial_home_;  // where the ends take their turn; null on the pool
  std::vector<listener> listeners_;
  std::atomic<std::size_t> unclaimed_;

  rt::futex_mutex mutex_;
  std::deque<std::size_t> ended_;    // guarded by mutex_: not yet given out
  std::deque<Future<>> waiters_;     // guarded by mutex_
  std::size_t left_;                 // guarded by mutex_: futures that are not done
  bool is_late_ = false;             // guarded by mutex_
  rt::counted_ptr<callback> timer_;  // guarded by mutex_
  mutable std::atomic<std::uint32_t> refs_{1};
};

/// The result of whichever of `handles` ends next.
template <class Handle>
Coro<typename Handle::value_type> result_of_next(rt::counted_ptr<completion_queue> queue,
                                                 std::shared_ptr<const std::vector<Handle>> handles) {
  const std::size_t i = co_await completion_queue::next(std::move(queue));
  if constexpr (std::is_same_v<Handle, AnyTask>) {
    (*handles)[i].state()->rethrow_failure();
  } else {
    co_return EventLoop::result_of((*handles)[i]);
  }
}

/// What as_completed gives. A copy goes on where the original stands: they share the ends. One task at a time iterates.
template <class Handle>
class AsCompleted {
 public:
  using value_type = Handle;
  class iterator;
  class async_iterator;

  AsCompleted(rt::counted_ptr<completion_queue> queue, std::vector<Handle> handles)
      : queue_(std::move(queue)), handles_(std::make_shared<const std::vector<Handle>>(std::move(handles))) {}

  /// For a plain loop, whose items are coroutines, each of which gives the next result; and, awaited, for ASYNC_FOR.
  iterator begin() const noexcept { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The handle that ended next; nullopt when all have been given. Suspends unless one has ended already. Throws
  /// TimeoutError when the time is up. Mirrors anext().
  Coro<std::optional<Handle>> next() const { return next_of(*this); }

 private:
  static Coro<std::optional<Handle>> next_of(AsCompleted self) {
    if (!self.queue_ || !self.queue_->claim()) co_return std::nullopt;
    const std::size_t i = co_await completion_queue::next(self.queue_);
    co_return (*self.handles_)[i];
  }
  static Coro<async_iterator> first_of(AsCompleted self) {
    async_iterator it(self);
    co_await ++it;
    co_return it;
  }

  rt::counted_ptr<completion_queue> queue_;
  std::shared_ptr<const std::vector<Handle>> handles_;
};

template <class Handle>
class AsCompleted<Handle>::async_iterator {
 public:
  explicit async_iterator(AsCompleted source) : source_(std::move(source)) {}

  Handle operator*() const { return *item_; }
  bool operator==(std::default_sentinel_t) const noexcept { return !item_; }
  Coro<> operator++() { return advance(*this); }

 private:
  static Coro<> advance(async_iterator& self) {
    self.item_.reset();
    self.item_ = co_await self.source_.next();
  }

  AsCompleted source_;
  std::optional<Handle> item_;
};

template <class Handle>
class AsCompleted<Handle>::iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Coro<typename Handle::value_type>;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = value_type;

  explicit iterator(const AsCompleted& source) noexcept : source_(source) {}

  /// One more coroutine; once an iteration.
  value_type operator*() const {
    if (!source_.queue_->claim()) throw RuntimeError("as_completed: the result of every awaitable was asked for");
    return result_of_next(source_.queue_, source_.handles_);
  }
  iterator& operator++() noexcept { return *this; }
  void operator++(int) noexcept {}
  bool operator==(std::default_sentinel_t) const noexcept { return !source_.queue_ || source_.queue_->is_exhausted(); }

  /// For ASYNC_FOR: waits for the first.
  typename Coro<async_iterator>::awaiter operator co_await() const { return first_of(source_).operator co_await(); }

 private:
  AsCompleted source_;
};

/// The handles in the order in which they end: coroutines become tasks at the call, in argument order; a handle that
/// stands there twice comes once. With a timeout the iteration throws TimeoutError when it is over and none of those
/// that are left has ended; nothing is cancelled. Any code that runs in a loop. Mirrors asyncio.as_completed.
template <class Handle>
  requires(!is_coro<Handle>)
AsCompleted<Handle> as_completed(const std::vector<Handle>& handles, AsCompletedOptions options = {}) {
  loop_state& loop = running_loop();
  std::vector<Handle> once;
  std::vector<rt::counted_ptr<future_core>> futures;
  for (const Handle& h : without_repetition(handles)) {
    once.push_back(h);
    futures.emplace_back(h.state());
  }
  if (futures.empty()) return AsCompleted<Handle>(nullptr, {});
  return AsCompleted<Handle>(completion_queue::make(loop, std::move(futures), options.timeout), std::move(once));
}
template <class T>
AsCompleted<Task<T>> as_completed(std::vector<Coro<T>> coros, AsCompletedOptions options = {}) {
  return as_completed(create_tasks(std::move(coros)), options);
}

}  // namespace hocket
