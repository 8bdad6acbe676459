// A queue between tasks, in the order of arrival, with an optional bound and a count of unfinished work.
//
// Waking is in two phases, as in asyncio: an item stays in the queue until the task that was woken for it runs and
// takes it, so qsize() counts it and a newcomer may take it first; the woken task then waits again. A woken task that
// is cancelled wakes the next. A task that lost its turn `patience` times goes to the front of the line (asyncio has no
// such bound). An item is moved in and out under the queue's lock: T's move should be cheap and may not use the queue.
// After: CPython 3.13, Lib/asyncio/queues.py, class Queue.
#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

namespace sync {

inline constexpr unsigned patience = 8;

template <class T>
struct queue_state final : counted<queue_state<T>> {
  explicit queue_state(std::ptrdiff_t most) noexcept : maxsize(most) {}

  rt::futex_mutex mutex;
  const std::ptrdiff_t maxsize;
  // guarded by mutex
  std::deque<T> items;
  std::size_t unfinished = 0;
  waiting_line getters, putters, joiners;

  bool is_full() const noexcept { return maxsize > 0 && items.size() >= static_cast<std::size_t>(maxsize); }

  static void wake_next(waiting_line& line, wake_list& woken) noexcept {
    if (waiter* w = line.pop_front()) woken.grant(*w);
  }

  /// Moves from `item` only when there is room.
  bool try_put(T& item) {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (is_full()) return false;
      items.push_back(std::move(item));
      ++unfinished;
      wake_next(getters, woken);
    }
    woken.wake_all();
    return true;
  }

  std::optional<T> try_get() {
    std::optional<T> item;
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (items.empty()) return item;
      item.emplace(std::move(items.front()));
      items.pop_front();
      wake_next(putters, woken);
    }
    woken.wake_all();
    return item;
  }

  bool try_finish_one() noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (unfinished == 0) return false;
      if (--unfinished == 0) {
        while (waiter* w = joiners.pop_front()) woken.grant(*w);
      }
    }
    woken.wake_all();
    return true;
  }

  struct until_not_empty {
    static waiting_line& line(queue_state& s) noexcept { return s.getters; }
    static bool take_at_once(const queue_state& s) noexcept { return !s.items.empty(); }
  };
  struct until_not_full {
    static waiting_line& line(queue_state& s) noexcept { return s.putters; }
    static bool take_at_once(const queue_state& s) noexcept { return !s.is_full(); }
  };
  struct until_finished {
    static waiting_line& line(queue_state& s) noexcept { return s.joiners; }
    static bool take_at_once(const queue_state& s) noexcept { return s.unfinished == 0; }
  };

  template <class Condition>
  struct rule {
    static bool take_at_once(const queue_state& s) noexcept { return Condition::take_at_once(s); }
    static void join(queue_state& s, waiter& w) noexcept;
    static void drop(queue_state& s, waiter& w) noexcept { Condition::line(s).erase(w); }
    static void leave(queue_state& s, waiter& w, bool taken, wake_list& woken) noexcept {
      if (w.is_waiting()) Condition::line(s).erase(w);
      // Woken, but it cannot use what it was woken for.
      if (w.is_granted() && !taken && Condition::take_at_once(s)) wake_next(Condition::line(s), woken);
    }
  };

  template <class Condition>
  class wait final : public wait_at<queue_state, rule<Condition>> {
   public:
    using value_type = void;
    explicit wait(queue_state& s, unsigned turns_lost = 0) noexcept
        : wait_at<queue_state, rule<Condition>>(s), turns_lost_(turns_lost) {}
    operator Coro<void>() && { return as_coro<wait>(rt::counted_ptr(&this->state())); }
    void await_resume() { this->finish_wait(); }

   private:
    friend rule<Condition>;
    const unsigned turns_lost_;
  };

  /// get() and put() when there was nothing or no room. They hold the state themselves.
  static Coro<T> get_slowly(rt::counted_ptr<queue_state> s) {
    co_await rt::turn_point();
    for (unsigned turns_lost = 0;; ++turns_lost) {
      std::optional<T> item = s->try_get();
      if (item) co_return std::move(*item);
      co_await wait<until_not_empty>(*s, turns_lost);
    }
  }
  static Coro<void> put_owned(rt::counted_ptr<queue_state> s, T item) { co_await put_slowly(std::move(s), item); }
  static Coro<void> put_slowly(rt::counted_ptr<queue_state> s, T& item) {
    co_await rt::turn_point();
    for (unsigned turns_lost = 0;; ++turns_lost) {
      const bool done = s->try_put(item);
      if (done) co_return;
      co_await wait<until_not_full>(*s, turns_lost);
    }
  }
};

template <class T>
template <class Condition>
void queue_state<T>::rule<Condition>::join(queue_state& s, waiter& w) noexcept {
  if (static_cast<wait<Condition>&>(w).turns_lost_ < patience) {
    Condition::line(s).push_back(w);
  } else {
    Condition::line(s).push_front(w);
  }
}

}  // namespace sync

/// A first-in, first-out queue. A copy is the same queue; any loop, worker or thread may use it. Mirrors asyncio.Queue.
template <std::movable T>
class Queue {
  using state_type = sync::queue_state<T>;

 public:
  /// With `maxsize` of 0 or less the queue is unbounded.
  explicit Queue(std::ptrdiff_t maxsize = 0) : state_(new state_type(maxsize)) {}

  class [[nodiscard]] get_awaiter;
  class [[nodiscard]] put_awaiter;
  using join_awaiter = typename state_type::template wait<typename state_type::until_finished>;

  /// Takes the oldest item, and waits while there is none. Does not suspend when there is one.
  /// Cancelled while waiting: leaves the line, no item is lost. Mirrors Queue.get.
  get_awaiter get() const noexcept { return get_awaiter(*state_); }

  /// Appends an item, and waits while the queue is full. Does not suspend when there is room.
  /// Cancelled while waiting: leaves the line, the item is not in the queue. Mirrors Queue.put.
  put_awaiter put(T item) const { return put_awaiter(*state_, std::move(item)); }

  /// Takes the oldest item or throws QueueEmpty. Any thread. Mirrors Queue.get_nowait.
  T get_nowait() const {
    std::optional<T> item = state_->try_get();
    if (!item) throw QueueEmpty();
    return std::move(*item);
  }

  /// Appends an item or throws QueueFull. Any thread. Mirrors Queue.put_nowait.
  void put_nowait(T item) const {
    if (!state_->try_put(item)) throw QueueFull();
  }

  /// Says that an item that was taken has been dealt with; the last one wakes those in join(). Any thread.
  /// Throws ValueError "task_done() called too many times". Mirrors Queue.task_done.
  void task_done() const {
    if (!state_->try_finish_one()) throw ValueError("task_done() called too many times");
  }

  /// Waits until task_done() was called for every item that was put. Does not suspend when it was. Mirrors Queue.join.
  [[nodiscard]] join_awaiter join() const noexcept { return join_awaiter(*state_); }

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

 private:
  rt::counted_ptr<state_type> state_;
};

/// What get() gives: tries at once, and starts a coroutine only when it must wait.
template <std::movable T>
class Queue<T>::get_awaiter {
 public:
  using value_type = T;
  explicit get_awaiter(state_type& state) noexcept : state_(&state) {}
  operator Coro<T>() && { return state_type::get_slowly(rt::counted_ptr(state_)); }
  get_awaiter(const get_awaiter&) = delete;
  get_awaiter& operator=(const get_awaiter&) = delete;

  bool await_ready() {
    if (rt::must_give_way()) return false;
    item_ = state_->try_get();
    return item_.has_value();
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> h) {
    return slowly_.emplace(state_type::get_slowly(rt::counted_ptr(state_)).release()).await_suspend(h);
  }
  T await_resume() { return item_ ? std::move(*item_) : slowly_->await_resume(); }

 private:
  state_type* state_;
  std::optional<T> item_;
  std::optional<typename Coro<T>::awaiter> slowly_;
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

  bool await_ready() { return !rt::must_give_way() && state_->try_put(item_); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> h) {
    return slowly_.emplace(state_type::put_slowly(rt::counted_ptr(state_), item_).release()).await_suspend(h);
  }
  void await_resume() {
    if (slowly_) slowly_->await_resume();
  }

 private:
  state_type* state_;
  T item_;
  std::optional<typename Coro<void>::awaiter> slowly_;
};

}  // namespace hocket
