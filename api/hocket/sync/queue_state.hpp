// What the queues share: the items, the count of unfinished work, and three lines of those who wait.
//
// Waking is in two phases, as in asyncio: an item stays in the queue until the task that was woken for it runs and
// takes it, so qsize() counts it and a newcomer may take it first; the woken task then waits again. A woken task that
// is cancelled wakes the next. A task that lost its turn `patience` times goes to the front of the line (asyncio has no
// such bound). An item is moved in and out under the queue's lock: T's move should be cheap and may not use the queue.
// After: CPython 3.13, Lib/asyncio/queues.py, class Queue.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/loop/exceptions.hpp>
#include <hocket/loop/print.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <hocket/sync/thread_wait.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket::sync {

inline constexpr unsigned patience = 8;

/// Where an item goes and which comes next, with the queue's lock held.
template <class T>
struct item_order {
  const char* queue_name;
  void (*put)(std::deque<T>& items, T&& item);
  T (*take)(std::deque<T>& items);  // there is one
};

template <class T>
struct queue_state final : counted<queue_state<T>> {
  /// `o` null: first in, first out.
  queue_state(std::ptrdiff_t most, const item_order<T>* o) noexcept : maxsize(most), order(o) {}

  rt::futex_mutex mutex;
  const std::ptrdiff_t maxsize;
  const item_order<T>* const order;
  // guarded by mutex
  std::deque<T> items;
  std::size_t unfinished = 0;
  bool is_shut_down = false;
  waiting_line getters, putters, joiners;

  bool is_full() const noexcept { return maxsize > 0 && items.size() >= static_cast<std::size_t>(maxsize); }

  static void wake_next(waiting_line& line, wake_list& woken) noexcept {
    if (waiter* w = line.pop_front()) woken.grant(*w);
  }

  enum class put_outcome : std::uint8_t { done, full, shut_down };

  /// Moves from `item` only when it is `done`.
  put_outcome try_put(T& item) {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (is_shut_down) return put_outcome::shut_down;
      if (is_full()) return put_outcome::full;
      if (order) {
        order->put(items, std::move(item));
      } else {
        items.push_back(std::move(item));
      }
      ++unfinished;
      wake_next(getters, woken);
    }
    woken.wake_all();
    return put_outcome::done;
  }

  /// Nothing when there is none.
  std::optional<T> try_get() {
    std::optional<T> item;
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (items.empty()) return item;
      if (order) {
        item.emplace(order->take(items));
      } else {
        item.emplace(std::move(items.front()));
        items.pop_front();
      }
      wake_next(putters, woken);
    }
    woken.wake_all();
    return item;
  }

  /// Shut down, and nothing is left to get; so it stays.
  bool is_drained() noexcept {
    const std::lock_guard guard(mutex);
    return is_shut_down && items.empty();
  }

  bool try_finish_one() noexcept {
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      if (unfinished == 0) return false;
      if (--unfinished == 0) woken.grant_all(joiners);
    }
    woken.wake_all();
    return true;
  }

  void shut_down(bool immediate) noexcept {
    std::deque<T> dropped;  // ended without the lock: an item's end may use the queue
    wake_list woken;
    {
      const std::lock_guard guard(mutex);
      is_shut_down = true;
      if (immediate) {
        dropped.swap(items);
        unfinished -= std::min(unfinished, dropped.size());
        if (unfinished == 0) woken.grant_all(joiners);
      }
      woken.grant_all(getters);
      woken.grant_all(putters);
    }
    woken.wake_all();
  }

  // What a waiter waits for: getters and putters look again when they are woken, and find out what it is.
  struct until_get_decides {
    static waiting_line& line(queue_state& s) noexcept { return s.getters; }
    static bool take_at_once(const queue_state& s) noexcept { return !s.items.empty() || s.is_shut_down; }
  };
  struct until_put_decides {
    static waiting_line& line(queue_state& s) noexcept { return s.putters; }
    static bool take_at_once(const queue_state& s) noexcept { return !s.is_full() || s.is_shut_down; }
  };
  struct until_finished {
    static waiting_line& line(queue_state& s) noexcept { return s.joiners; }
    static bool take_at_once(const queue_state& s) noexcept { return s.unfinished == 0; }
  };

  template <class Condition>
  struct rule {
    static bool take_at_once(const queue_state& s) noexcept { return Condition::take_at_once(s); }
    static void join(queue_state& s, waiter& w, wake_list&) noexcept {
      if (w.is_out_of_patience()) {
        Condition::line(s).push_front(w);
      } else {
        Condition::line(s).push_back(w);
      }
    }
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
        : wait_at<queue_state, rule<Condition>>(s, turns_lost >= patience) {}
    operator Coro<void>() && { return as_coro<wait>(rt::counted_ptr(&this->state())); }
    void await_resume() { this->finish_wait(); }
  };

  // --- get() and put() when there was nothing or no room; they hold the state themselves ---

  /// Nothing when the queue was shut down.
  static Coro<std::optional<T>> take_slowly(rt::counted_ptr<queue_state> s) {
    co_await rt::turn_point();
    for (unsigned turns_lost = 0;; ++turns_lost) {
      std::optional<T> item = s->try_get();
      if (item || s->is_drained()) co_return item;
      co_await wait<until_get_decides>(*s, turns_lost);
    }
  }
  static Coro<T> get_slowly(rt::counted_ptr<queue_state> s) {
    std::optional<T> item = co_await take_slowly(std::move(s));
    if (!item) throw QueueShutDown();
    co_return std::move(*item);
  }
  static Coro<void> put_owned(rt::counted_ptr<queue_state> s, T item) { co_await put_slowly(std::move(s), item); }
  static Coro<void> put_slowly(rt::counted_ptr<queue_state> s, T& item) {
    co_await rt::turn_point();
    for (unsigned turns_lost = 0;; ++turns_lost) {
      const put_outcome how = s->try_put(item);
      if (how == put_outcome::done) co_return;
      if (how == put_outcome::shut_down) throw QueueShutDown();
      co_await wait<until_put_decides>(*s, turns_lost);
    }
  }

  // --- the same for threads, which throw TimeoutError ---

  std::optional<T> take_on_thread(rt::nanos deadline) {
    for (unsigned turns_lost = 0;; ++turns_lost) {
      std::optional<T> item = try_get();
      if (item || is_drained()) return item;
      wait_on_thread<until_get_decides>(deadline, turns_lost);
    }
  }
  void put_on_thread(T& item, rt::nanos deadline) {
    for (unsigned turns_lost = 0;; ++turns_lost) {
      const put_outcome how = try_put(item);
      if (how == put_outcome::done) return;
      if (how == put_outcome::shut_down) throw QueueShutDown();
      wait_on_thread<until_put_decides>(deadline, turns_lost);
    }
  }
  template <class Condition>
  void wait_on_thread(rt::nanos deadline, unsigned turns_lost = 0) {
    if (!thread_waiter::try_wait<queue_state, rule<Condition>>(*this, deadline, turns_lost >= patience))
      throw TimeoutError();
  }

  /// "maxsize=2 _queue=[1, 2] _putters[1] tasks=2", as Python's _format(). A heap is shown as it stands, as there.
  std::string text() {
    const std::lock_guard guard(mutex);
    std::string out = "maxsize=" + std::to_string(maxsize);
    if (!items.empty()) out += " _queue=" + hocket::repr(items);
    if (!getters.empty()) out += " _getters[" + std::to_string(getters.size()) + "]";
    if (!putters.empty()) out += " _putters[" + std::to_string(putters.size()) + "]";
    if (unfinished != 0) out += " tasks=" + std::to_string(unfinished);
    if (is_shut_down) out += " shutdown";
    return out;
  }
  const char* name() const noexcept { return order ? order->queue_name : "Queue"; }
};

}  // namespace hocket::sync
