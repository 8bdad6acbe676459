// Future<T>: a result that is not there yet. A counted handle: a copy is the same future.
//
// Unlike CPython's, it may be completed from any thread. Awaiting it gives `const T&`; awaiting an rvalue gives `T`.
// Mirrors asyncio.Future.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <hocket/loop/done_callback.hpp>
#include <hocket/loop/future_core.hpp>
#include <hocket/rt/base/counted_ptr.hpp>
#include <hocket/rt/coro/suspend.hpp>
#include <hocket/rt/coro/task_base.hpp>

namespace hocket {

class EventLoop;

/// How a result of type T is kept: void as monostate, a reference as a wrapper.
template <class T>
using stored = std::conditional_t<
    std::is_void_v<T>, std::monostate,
    std::conditional_t<std::is_reference_v<T>, std::reference_wrapper<std::remove_reference_t<T>>, T>>;

/// The value beside a future_core.
template <class T>
struct value_cell {
  std::optional<stored<T>> value;  // written once, before the end is published
};

/// Of void there is nothing to keep: it looks like the others and takes no room.
template <>
struct value_cell<void> {
  struct nothing {
    void emplace() const noexcept {}
    std::monostate& operator*() const noexcept { return unit; }
  };
  static inline std::monostate unit;
  [[no_unique_address]] nothing value;
};

/// Takes the outcome of a root coroutine that ended and destroys its frame: keeps the value in `cell` if it is wanted,
/// gives the exception or null.
template <class T, class Handle>
std::exception_ptr take_outcome_of(Handle root, value_cell<T>& cell, bool keep_value) noexcept {
  std::exception_ptr error = root.promise().error();
  if (!error && keep_value) {
    try {
      if constexpr (std::is_void_v<T>) {
        cell.value.emplace();
      } else {
        cell.value.emplace(root.promise().take_value());
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  root.destroy();
  return error;
}

template <class T>
class future_state final : public future_core, public value_cell<T> {
 public:
  explicit future_state(loop_state* loop);
  ~future_state() override;
  loop_state* loop() const noexcept override { return loop_; }

 private:
  std::exception_ptr& failure() noexcept override { return failure_; }

  loop_state* const loop_;  // held
  std::exception_ptr failure_;
};

/// Waits for a future_core: the task is woken through the ready queue, never inline.
class future_wait : public rt::leaf_awaiter, private future_waiter {
 public:
  explicit future_wait(rt::counted_ptr<future_core> f) noexcept : future_(std::move(f)) {}

  bool await_ready() const noexcept { return future_->is_done() && !rt::must_give_way(); }
  bool commit(rt::task_base& self) noexcept override;
  bool cancel(rt::task_base& self) noexcept override;

 protected:
  ~future_wait() = default;

  /// Throws what is due at this resume, or what the future failed with.
  void finish_wait();

 private:
  void fire(future_core&) noexcept override { wake_in_turn(*task_); }
  void tell(awaiting_parties& to) const override;

  rt::counted_ptr<future_core> future_;  // a handle may be dropped while this waits
  bool awaits_itself_ = false;
};

/// co_await of an lvalue handle: the value stays where it is.
template <class T>
class shared_future_wait : public future_wait {
 public:
  template <class State>
  explicit shared_future_wait(const rt::counted_ptr<State>& state) noexcept : future_wait(state), cell_(*state) {}

  decltype(auto) await_resume() {
    finish_wait();
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(cell_.value->get());
    } else {
      return static_cast<const T&>(*cell_.value);
    }
  }

 private:
  const value_cell<T>& cell_;
};

/// co_await of an rvalue handle: keeps the state alive and moves the value out.
template <class T>
class last_future_wait : public future_wait {
 public:
  template <class State>
  explicit last_future_wait(rt::counted_ptr<State> state) noexcept : future_wait(state), cell_(*state) {}

  T await_resume() {
    finish_wait();
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return cell_.value->get();
    } else {
      return std::move(*cell_.value);
    }
  }

 private:
  value_cell<T>& cell_;
};

/// The exception of a future that is done, or null. Throws CancelledError; InvalidStateError when it is not done.
std::exception_ptr exception_of(const future_core& f);

/// What Task<T> and Future<T> share: a handle to a future_core that has a value_cell<T>.
template <class T, class State>
class future_handle {
 public:
  using value_type = T;

  future_handle() = default;
  explicit future_handle(rt::counted_ptr<State> state) noexcept : state_(std::move(state)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(state_); }
  State* state() const noexcept { return state_.get(); }

  bool done() const { return the().is_done(); }
  bool cancelled() const { return the().is_cancelled(); }

  /// Requests cancellation; false when it is done already. Any thread. Mirrors Future.cancel, Task.cancel.
  bool cancel(std::string_view message = {}) const { return the().cancel(message); }

  /// The value. Throws what it failed with; CancelledError; InvalidStateError when it is not done.
  decltype(auto) result() const {
    the().rethrow_failure();
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(state_->value->get());
    } else {
      return static_cast<const T&>(*state_->value);
    }
  }

  /// The exception, or null. Throws CancelledError; InvalidStateError when it is not done.
  std::exception_ptr exception() const { return exception_of(the()); }

  /// Takes a callback back that is not queued yet: by what add_done_callback gave, or, when it is a function, each time
  /// that this one was added. Gives how many. Any thread. Mirrors Future.remove_done_callback.
  std::size_t remove_done_callback(DoneCallback name) const { return hocket::remove_done_callback(the(), name); }
  template <class F>
    requires std::is_function_v<F>
  std::size_t remove_done_callback(F* fn) const {
    return remove_function_done_callbacks(the(), fn);
  }

  /// The loop it belongs to; an empty handle once a task is done. Mirrors Future.get_loop.
  EventLoop get_loop() const;

  shared_future_wait<T> operator co_await() const& {
    the();
    return shared_future_wait<T>(state_);
  }
  last_future_wait<T> operator co_await() && {
    the();
    return last_future_wait<T>(std::move(state_));
  }

  friend bool operator==(const future_handle& a, const future_handle& b) noexcept { return a.state_ == b.state_; }
  friend std::ostream& operator<<(std::ostream& out, const future_handle& f) {
    return out << (f ? f.state_->repr() : "<empty handle>");
  }

 protected:
  State& the() const {
    if (!state_) throw RuntimeError("this handle is empty: it refers to no task or future");
    return *state_;
  }

  rt::counted_ptr<State> state_;
};

template <class T = void>
class Future : public future_handle<T, future_state<T>> {
 public:
  using future_handle<T, future_state<T>>::future_handle;

  /// Completes it. Throws InvalidStateError("invalid state") when it is done already. Any thread. Mirrors
  /// Future.set_result.
  template <class... V>
    requires(std::is_void_v<T> ? sizeof...(V) == 0 : sizeof...(V) == 1)
  void set_result(V&&... value) const {
    if (!try_set_result(std::forward<V>(value)...)) throw InvalidStateError("invalid state");
  }
  /// The same, false when it is done already.
  template <class... V>
  bool try_set_result(V&&... value) const {
    auto& f = this->the();
    if (!f.begin_completion()) return false;
    try {
      f.value.emplace(std::forward<V>(value)...);
    } catch (...) {
      f.publish_exception(std::current_exception());
      return true;
    }
    f.publish_value();
    return true;
  }

  /// Completes it with an exception: an exception_ptr or the exception itself. Throws InvalidStateError("invalid
  /// state") when it is done already, TypeError for a null pointer. Any thread. Mirrors Future.set_exception.
  void set_exception(std::exception_ptr e) const {
    if (!try_set_exception(std::move(e))) throw InvalidStateError("invalid state");
  }
  template <class E>
    requires(!std::is_convertible_v<E, std::exception_ptr>)
  void set_exception(E&& e) const {
    set_exception(std::make_exception_ptr(std::forward<E>(e)));
  }
  /// The same, false when it is done already.
  bool try_set_exception(std::exception_ptr e) const {
    auto& f = this->the();
    if (!e && !f.is_done()) throw TypeError("invalid exception object");
    if (!f.begin_completion()) return false;
    f.publish_exception(std::move(e));
    return true;
  }

  /// Calls `fn(future)` through the loop when it is done, soon if it is, in the context that is here now; not once the
  /// loop is closed. Any thread. Mirrors Future.add_done_callback.
  template <class F>
  DoneCallback add_done_callback(F fn, DoneCallbackOptions options = {}) const;
};

}  // namespace hocket
