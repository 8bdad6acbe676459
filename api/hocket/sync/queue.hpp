// Queues between tasks: first in, first out; last in, first out; the least first. How they wait: queue_state.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/sync/heap.hpp>
#include <hocket/sync/queue_state.hpp>
#include <hocket/sync/thread_wait.hpp>

namespace hocket {

namespace sync {

template <class T>
struct newest_first {
  static void put(std::deque<T>& items, T&& item) { items.push_back(std::move(item)); }
  static T take(std::deque<T>& items) {
    T item = std::move(items.back());
    items.pop_back();
    return item;
  }
  static constexpr item_order<T> order = {"LifoQueue", &put, &take};
};

template <class T, class Less>
struct least_first {
  static void put(std::deque<T>& items, T&& item) { heap_push(items, std::move(item), Less()); }
  static T take(std::deque<T>& items) { return heap_pop(items, Less()); }
  static constexpr item_order<T> order = {"PriorityQueue", &put, &take};
};

}  // namespace sync

/// A first-in, first-out queue. A copy is the same queue; any loop, worker or thread may use it. Mirrors asyncio.Queue.
template <std::movable T>
class Queue {
 protected:
  using state_type = sync::queue_state<T>;

 public:
  using value_type = T;

  /// With `maxsize` of 0 or less the queue is unbounded.
  explicit Queue(std::ptrdiff_t maxsize = 0) : Queue(maxsize, nullptr) {}

  class [[nodiscard]] get_awaiter;
  class [[nodiscard]] next_awaiter;
  class [[nodiscard]] put_awaiter;
  using join_awaiter = typename state_type::template wait<typename state_type::until_finished>;

  /// Takes the next item, and waits while there is none. Does not suspend when there is one. Cancelled while waiting:
  /// leaves the line, no item is lost. Throws QueueShutDown when it was shut down and nothing is left. Mirrors
  /// Queue.get.
  get_awaiter get() const noexcept { return get_awaiter(*state_); }

  /// get() that gives nothing, instead of throwing, at the end: `while (auto x = co_await q.next()) use(*x);` with the
  /// result in a local, or `ASYNC_FOR(auto x, q)`. An extension.
  next_awaiter next() const noexcept { return next_awaiter(*state_); }

  /// Puts an item in, and waits while the queue is full. Does not suspend when there is room. Cancelled while waiting:
  /// leaves the line, the item is not in the queue. Throws QueueShutDown. Mirrors Queue.put.
  put_awaiter put(T item) const { return put_awaiter(*state_, std::move(item)); }

  /// Takes the next item or throws QueueEmpty, or QueueShutDown. Any thread. Mirrors Queue.get_nowait.
  T get_nowait() const {
    std::optional<T> item = state_->try_get();
    if (item) return std::move(*item);
    if (state_->is_drained()) throw QueueShutDown();
    throw QueueEmpty();
  }

  /// Puts an item in or throws QueueFull, or QueueShutDown. Any thread. Mirrors Queue.put_nowait.
  void put_nowait(T item) const {
    const auto how = state_->try_put(item);
    if (how == state_type::put_outcome::shut_down) throw QueueShutDown();
    if (how == state_type::put_outcome::full) throw QueueFull();
  }

  /// For a plain thread, which sleeps in the same line, `timeout` of real time at most. They throw as get(), next() and
  /// put() do; TimeoutError after the timeout; RuntimeError on a worker and in a running loop. Extensions.
  T get_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Queue.get_blocking()", "get()");
    std::optional<T> item = own()->take_on_thread(sync::deadline_of(timeout));
    if (!item) throw QueueShutDown();
    return std::move(*item);
  }
  std::optional<T> next_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Queue.next_blocking()", "next()");
    return own()->take_on_thread(sync::deadline_of(timeout));
  }
  void put_blocking(T item, OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Queue.put_blocking()", "put(...)");
    own()->put_on_thread(item, sync::deadline_of(timeout));
  }

  /// Says that an item that was taken has been dealt with; the last one wakes those in join(). Any thread.
  /// Throws ValueError "task_done() called too many times". Mirrors Queue.task_done.
  void task_done() const {
    if (!state_->try_finish_one()) throw ValueError("task_done() called too many times");
  }

  /// Waits until task_done() was called for every item that was put. Does not suspend when it was. Mirrors Queue.join.
  [[nodiscard]] join_awaiter join() const noexcept { return join_awaiter(*state_); }
  /// The same for a plain thread, as get_blocking(). An extension.
  void join_blocking(OptionalDelay timeout = {}) const {
    sync::refuse_to_block("Queue.join_blocking()", "join()");
    own()->template wait_on_thread<typename state_type::until_finished>(sync::deadline_of(timeout));
  }

  /// From now on put() throws QueueShutDown, and get() does when nothing is left; whoever waits is woken. `immediate`:
  /// drops what is left, each item as if it were done. join() waits on for what was taken and is not done. Any thread.
  /// Mirrors Queue.shutdown.
  void shutdown(bool immediate = false) const noexcept { state_->shut_down(immediate); }

  /// How many items are in it now. Any thread.
  std::size_t qsize() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->items.size();
  }
  bool empty() const noexcept { return qsize() == 0; }
  /// Whether maxsize items are in it; never for an unbounded queue.
  bool full() const noexcept {
    const std::lock_guard guard(state_->mutex);
    return state_->is_full();
  }
  std::ptrdiff_t maxsize() const noexcept { return state_->maxsize; }

  friend bool operator==(const Queue&, const Queue&) = default;

  /// `<Queue at 0x7f... maxsize=2 _queue=[1, 2] tasks=2>`; for items that print() knows. Mirrors Queue.__repr__.
  std::string repr() const {
    return std::string("<") + state_->name() + " at " + address_text(state_.get()) + " " + state_->text() + ">";
  }
  /// The same without the address, as Python's str.
  friend std::ostream& operator<<(std::ostream& out, const Queue& q) {
    return out << '<' << q.state_->name() << ' ' << q.state_->text() << '>';
  }

  // --- for ASYNC_FOR: until it is shut down and nothing is left ---
  class iterator;
  class [[nodiscard]] begin_awaiter;
  begin_awaiter begin() const noexcept { return begin_awaiter(*state_); }
  std::default_sentinel_t end() const noexcept { return {}; }

 protected:
  Queue(std::ptrdiff_t maxsize, const sync::item_order<T>* order) : state_(new state_type(maxsize, order)) {}

 private:
  class take_awaiter;

  /// A thread that waits keeps the state.
  rt::counted_ptr<state_type> own() const noexcept { return state_; }

  rt::counted_ptr<state_type> state_;
};

/// A queue that gives the newest item first. Mirrors asyncio.LifoQueue.
template <std::movable T>
class LifoQueue : public Queue<T> {
 public:
  explicit LifoQueue(std::ptrdiff_t maxsize = 0) : Queue<T>(maxsize, &sync::newest_first<T>::order) {}
};

/// A queue that gives the least item first, by `Less`, which is called with the queue's lock held: it may not throw or
/// use the queue. Entries are typically pairs of a priority and a value; equal ones come out in heapq's order. Mirrors
/// asyncio.PriorityQueue.
template <std::movable T, class Less = std::less<>>
class PriorityQueue : public Queue<T> {
  static_assert(std::default_initializable<Less> && std::strict_weak_order<Less&, const T&, const T&>,
                "PriorityQueue<T> compares its items: give T an operator<, or name an order: PriorityQueue<T, Less>");

 public:
  explicit PriorityQueue(std::ptrdiff_t maxsize = 0) : Queue<T>(maxsize, &sync::least_first<T, Less>::order) {}
};

/// Tries at once, and starts a coroutine only when it must wait.
template <std::movable T>
class Queue<T>::take_awaiter {
 public:
  take_awaiter(const take_awaiter&) = delete;
  take_awaiter& operator=(const take_awaiter&) = delete;

  bool await_ready() {
    if (rt::must_give_way()) return false;
    item_ = state_->try_get();
    return item_.has_value();
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> h, std::source_location where = std::source_location::current()) {
    return slowly_.emplace(state_type::take_slowly(rt::counted_ptr(state_)).release()).await_suspend(h, where);
  }

 protected:
  explicit take_awaiter(state_type& state) noexcept : state_(&state) {}
  ~take_awaiter() = default;

  state_type* state_;
  std::optional<T> item_;
  std::optional<typename Coro<std::optional<T>>::awaiter> slowly_;
};

/// What get() gives.
template <std::movable T>
class Queue<T>::get_awaiter final : public take_awaiter {
 public:
  using value_type = T;
  explicit get_awaiter(state_type& state) noexcept : take_awaiter(state) {}
  operator Coro<T>() && { return state_type::get_slowly(rt::counted_ptr(this->state_)); }

  T await_resume() {
    if (this->slowly_) finish_slowly();
    return std::move(*this->item_);
  }

 private:
  // Of its own, so that what a get from a queue with items costs stands in its caller.
  [[gnu::noinline]] void finish_slowly() {
    this->item_ = this->slowly_->await_resume();
    if (!this->item_) throw QueueShutDown();
  }
};

/// What next() gives.
template <std::movable T>
class Queue<T>::next_awaiter final : public take_awaiter {
 public:
  using value_type = std::optional<T>;
  explicit next_awaiter(state_type& state) noexcept : take_awaiter(state) {}
  operator Coro<std::optional<T>>() && { return state_type::take_slowly(rt::counted_ptr(this->state_)); }

  std::optional<T> await_resume() {
    if (this->slowly_) return this->slowly_->await_resume();
    return std::move(this->item_);
  }
};

/// What put() gives; it holds the item until there is room.
template <std::movable T>
class Queue<T>::put_awaiter {
 public:
  using value_type = void;
  put_awaiter(state_type& state, T&& item) : state_(&state), item_(std::move(item)) {}
  operator Coro<void>() && { return state_type::put_owned(rt::counted_ptr(state_), std::move(item_)); }
  put_awaiter(const put_awaiter&) = delete;
  put_awaiter& operator=(const put_awaiter&) = delete;

  bool await_ready() { return !rt::must_give_way() && state_->try_put(item_) == state_type::put_outcome::done; }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> h, std::source_location where = std::source_location::current()) {
    return slowly_.emplace(state_type::put_slowly(rt::counted_ptr(state_), item_).release()).await_suspend(h, where);
  }
  void await_resume() {
    if (slowly_) slowly_->await_resume();
  }

 private:
  state_type* state_;
  T item_;
  std::optional<typename Coro<void>::awaiter> slowly_;
};

/// Where an ASYNC_FOR stands: at an item, or at the end.
template <std::movable T>
class Queue<T>::iterator {
 public:
  using value_type = T;
  iterator(state_type& state, std::optional<T>&& item) noexcept : state_(&state), item_(std::move(item)) {}

  /// The item, which the caller may move from.
  T&& operator*() noexcept { return std::move(*item_); }
  bool operator==(std::default_sentinel_t) const noexcept { return !item_; }

  class [[nodiscard]] increment_awaiter final : public take_awaiter {
   public:
    explicit increment_awaiter(iterator& at) noexcept : take_awaiter(*at.state_), at_(at) {}
    void await_resume() {
      at_.item_.reset();
      if (this->slowly_) this->item_ = this->slowly_->await_resume();
      if (this->item_) at_.item_.emplace(std::move(*this->item_));
    }

   private:
    iterator& at_;
  };
  increment_awaiter operator++() noexcept { return increment_awaiter(*this); }

 private:
  state_type* state_;
  std::optional<T> item_;
};

template <std::movable T>
class Queue<T>::begin_awaiter final : public take_awaiter {
 public:
  explicit begin_awaiter(state_type& state) noexcept : take_awaiter(state) {}
  iterator await_resume() {
    if (this->slowly_) this->item_ = this->slowly_->await_resume();
    return iterator(*this->state_, std::move(this->item_));
  }
};

}  // namespace hocket
