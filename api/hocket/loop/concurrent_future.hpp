// ConcurrentFuture: the end of something that runs in a loop or on a thread of its own, for threads that may block.
//
// run_coroutine_threadsafe is the way into a loop from a thread that is not its own; wrap_future is the way back, from
// a ConcurrentFuture to something that a task can await. Mirrors concurrent.futures.Future, as asyncio uses it.
#pragma once

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/delay.hpp>
#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/gather.hpp>

namespace hocket {

/// The calling thread sleeps until `f` is done, or for `limit` of real time; gives whether it is done. Throws
/// RuntimeError on a worker of a pool, which must not sleep. Within a blocking job the virtual clock runs meanwhile.
bool block_until_done(future_core& f, const OptionalDelay& limit);

/// Lets `target` end as `source` does, and cancels `source` when `target` is cancelled. Owns itself until both have
/// ended. Mirrors futures._chain_future.
class future_chain {
 public:
  void begin();

 protected:
  future_chain(rt::counted_ptr<future_core> source, rt::counted_ptr<future_core> target) noexcept;
  virtual ~future_chain() = default;
  virtual void pass_value() = 0;

 private:
  struct source_end final : future_waiter {
    explicit source_end(future_chain& c) noexcept : chain(c) {}
    void fire(future_core&) noexcept override { chain.source_done(); }
    void drop() noexcept override { chain.release(); }
    future_chain& chain;
  };
  struct target_end final : future_waiter {
    explicit target_end(future_chain& c) noexcept : chain(c) {}
    void fire(future_core&) noexcept override { chain.target_done(); }
    void drop() noexcept override { chain.release(); }
    future_chain& chain;
  };

  void source_done() noexcept;
  void target_done() noexcept;
  void release() noexcept;

  rt::counted_ptr<future_core> source_, target_;
  source_end source_end_{*this};
  target_end target_end_{*this};
  std::atomic<int> listening_{2};
};

template <class T>
class future_chain_of final : public future_chain {
 public:
  template <class State>
  future_chain_of(rt::counted_ptr<State> source, Future<T> target)
      : future_chain(source, rt::counted_ptr<future_core>(target.state())), cell_(*source), value_(std::move(target)) {}

 private:
  void pass_value() override {
    if constexpr (std::is_void_v<T>) {
      value_.try_set_result();
    } else {
      value_.try_set_result(take_or_copy(*cell_.value));
    }
  }
  value_cell<T>& cell_;
  Future<T> value_;
};

/// What is to be called at the end of a ConcurrentFuture. Owns itself until then.
class concurrent_callback : public future_waiter {
 public:
  virtual ~concurrent_callback() = default;
  void fire(future_core& f) noexcept final;

 protected:
  void drop() noexcept final { delete this; }
  /// The call. Moves the callable out.
  virtual std::function<void()> bind(future_core& f) = 0;
};

template <class T>
class ConcurrentFuture;

template <class T, class F>
class concurrent_callback_of final : public concurrent_callback {
 public:
  explicit concurrent_callback_of(F fn) : fn_(std::make_shared<F>(std::move(fn))) {}

 private:
  std::function<void()> bind(future_core& f) override {
    const ConcurrentFuture<T> future(Future<T>(rt::counted_ptr<future_state<T>>(&static_cast<future_state<T>&>(f))));
    return [future, fn = std::move(fn_)] { (*fn)(future); };
  }
  std::shared_ptr<F> fn_;  // a std::function is copied
};

/// A counted handle, for threads outside of loops: result() and exception() block. Copies are the same. Any thread.
template <class T>
class ConcurrentFuture {
 public:
  using value_type = T;

  ConcurrentFuture() = default;
  explicit ConcurrentFuture(Future<T> future) noexcept : future_(std::move(future)) {}
  /// A pending one.
  static ConcurrentFuture make() {
    return ConcurrentFuture(Future<T>(rt::counted_ptr<future_state<T>>::adopt(new future_state<T>(nullptr))));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(future_); }
  future_state<T>* state() const noexcept { return future_.state(); }

  bool done() const { return future_.done(); }
  bool cancelled() const { return future_.cancelled(); }

  /// Cancels it, and what it stands for; false when it is done already. Mirrors Future.cancel.
  bool cancel() const { return future_.cancel(); }

  /// Its value, when it has one, after `timeout` of real time at most. Throws what it failed with; CancelledError;
  /// TimeoutError when the time is up, and then it goes on; RuntimeError on a worker of a pool unless it is done: a
  /// task awaits wrap_future(f). Mirrors Future.result.
  T result(OptionalDelay timeout = {}) const {
    wait(timeout);
    return EventLoop::result_of(future_);
  }

  /// Its exception or null, in the same way. Mirrors Future.exception.
  std::exception_ptr exception(OptionalDelay timeout = {}) const {
    wait(timeout);
    return future_.exception();
  }

  /// Calls `fn(future)` when it is done, at once if it is: on the thread that completes it, or, where that is a
  /// worker, through the loop whose code does. What it throws is reported. Any thread. Mirrors
  /// Future.add_done_callback.
  template <class F>
  void add_done_callback(F fn) const {
    future_.done();  // an empty handle throws here
    auto* const c = new concurrent_callback_of<T, F>(std::move(fn));
    if (!future_.state()->add_waiter(*c)) static_cast<concurrent_callback*>(c)->fire(*future_.state());
  }

  /// The future inside, for those who complete it.
  const Future<T>& future() const noexcept { return future_; }

  friend bool operator==(const ConcurrentFuture& a, const ConcurrentFuture& b) noexcept {
    return a.future_ == b.future_;
  }

 private:
  void wait(const OptionalDelay& timeout) const {
    future_.done();  // an empty handle throws here
    if (!block_until_done(*future_.state(), timeout)) throw TimeoutError();
  }

  Future<T> future_;
};

/// What a callback of the loop does for run_coroutine_threadsafe. When the loop drops the callback, the future is
/// cancelled.
template <class T>
class threadsafe_start {
 public:
  threadsafe_start(Coro<T> coro, ConcurrentFuture<T> outer) noexcept
      : coro_(std::move(coro)), outer_(std::move(outer)) {}
  threadsafe_start(const threadsafe_start&) = delete;
  threadsafe_start& operator=(const threadsafe_start&) = delete;
  ~threadsafe_start() {
    if (outer_) outer_.cancel();
  }

  void begin() {
    const ConcurrentFuture<T> outer = std::move(outer_);
    outer_ = {};
    if (outer.cancelled()) return coro_.close();
    try {
      const Task<T> task = create_task(std::move(coro_));
      (new future_chain_of<T>(rt::counted_ptr<task_state<T>>(task.state()), outer.future()))->begin();
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      outer.future().try_set_exception(error);
      if (is_exit_request(error)) throw;  // of an eager task: it ends the run
    }
  }

 private:
  Coro<T> coro_;
  ConcurrentFuture<T> outer_;
};

/// Makes `coro` a task of `loop` from any thread, and gives its end, for which a thread may wait. Cancelling that
/// cancels the task. It starts when the loop runs. Throws TypeError("A coroutine object is required") for one that was
/// awaited; RuntimeError("Event loop is closed"). Mirrors asyncio.run_coroutine_threadsafe.
template <class T>
ConcurrentFuture<T> run_coroutine_threadsafe(Coro<T> coro, const EventLoop& loop) {
  if (!coro) throw TypeError("A coroutine object is required");
  auto outer = ConcurrentFuture<T>::make();
  auto start = std::make_shared<threadsafe_start<T>>(std::move(coro), outer);
  loop.call_soon([start] { start->begin(); });
  return outer;
}
template <converts_to_coro A>
auto run_coroutine_threadsafe(A&& awaitable, const EventLoop& loop) {
  return run_coroutine_threadsafe(Coro<awaited_t<A>>(std::forward<A>(awaitable)), loop);
}

/// A future of the running loop that ends as `f` does; cancelling it cancels `f`. Throws RuntimeError("no running event
/// loop"). Mirrors asyncio.wrap_future.
template <class T>
Future<T> wrap_future(const ConcurrentFuture<T>& f) {
  f.done();  // an empty handle throws here
  Future<T> own = create_future<T>(running_loop());
  (new future_chain_of<T>(rt::counted_ptr<future_state<T>>(f.state()), own))->begin();
  return own;
}

}  // namespace hocket
