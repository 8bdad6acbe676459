// What the promise of every coroutine of this library has in common: its frame's memory, its task, who awaits it, its
// name.
//
// A coroutine that awaits another hands control over: with clang by symmetric transfer, which it compiles to a jump in
// every build mode; with g++, which does so only at -O2 without sanitizers, by returning to the resumer, which goes on
// with the other frame. Neither uses stack, so a chain of any length of awaits that complete at once is flat.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/rt/coro/frame_pool.hpp>
#include <hocket/rt/coro/task_base.hpp>

namespace hocket::rt {

#if defined(__clang__)
/// What await_suspend gives back when control moves to another coroutine of the same task.
using transfer_result = std::coroutine_handle<>;
inline transfer_result transfer(task_base&, std::coroutine_handle<> to) noexcept { return to; }
inline transfer_result stop() noexcept { return std::noop_coroutine(); }
#else
using transfer_result = void;
inline transfer_result transfer(task_base& t, std::coroutine_handle<> to) noexcept { t.transfer_to(to); }
inline transfer_result stop() noexcept {}
#endif

// A coroutine that is the call of a capturing lambda refers into the lambda's closure. The compiler shows the closure
// to coroutine_traits as the first argument, while its type is still incomplete, which no other argument by value is.
template <class... Args>
struct own_closure_of {
  using type = void;
};
template <class First, class... Rest>
struct own_closure_of<First, Rest...> {
  static constexpr bool is_complete = requires { sizeof(std::remove_cvref_t<First>); };
  using type = std::conditional_t<is_complete, void, std::remove_cvref_t<First>>;
};

/// The closure type, when the coroutine with these arguments may be a lambda's; else void.
template <class... Args>
using own_closure = typename own_closure_of<Args...>::type;

/// Whether the closure holds anything. To be instantiated when it is complete: in the body of a promise's constructor.
template <class Closure>
bool captures() noexcept {
  if constexpr (requires { sizeof(Closure); }) {
    return !std::is_empty_v<Closure>;
  } else {
    return false;
  }
}

class promise_base {
 public:
  explicit promise_base(bool first_argument_is_closure = false) noexcept : before_{{}, first_argument_is_closure} {}
  promise_base(const promise_base&) = delete;
  promise_base& operator=(const promise_base&) = delete;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  // --- before its first step ---

  /// The coroutine's function, as the compiler names it, with file and line.
  const std::source_location& where() const noexcept { return before_.where; }
  void set_where(const std::source_location& where) noexcept { before_.where = where; }
  bool first_argument_is_closure() const noexcept { return before_.first_argument_is_closure; }
  /// Whoever starts it waits for its end, so the closure lives long enough.
  void closure_is_kept() noexcept { before_.first_argument_is_closure = false; }

  /// Makes this coroutine part of `t`; `continuation` resumes when it ends, or the task ends if that is null.
  void begin(task_base& t, std::coroutine_handle<> continuation) noexcept {
    std::construct_at(&begun_, &t, continuation);
  }

  // --- from then on ---

  /// The task that runs this coroutine.
  task_base* task() const noexcept { return begun_.task; }

  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    transfer_result await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      return h.promise().leave(h);
    }
    void await_resume() const noexcept {}
  };
  final_awaiter final_suspend() const noexcept { return {}; }

 private:
  transfer_result leave(std::coroutine_handle<> self) const noexcept {
    if (begun_.continuation) return transfer(*begun_.task, begun_.continuation);
    begun_.task->root_finished(self);
    return stop();
  }

  // What a coroutine is asked before its first step, it is not asked later, and the other way round.
  struct before_first_step {
    std::source_location where;
    bool first_argument_is_closure;
  };
  struct from_first_step {
    task_base* task;
    std::coroutine_handle<> continuation;
  };
  union {
    before_first_step before_;
    from_first_step begun_;
  };
};

/// Where a coroutine leaves its value or its exception.
template <class T>
class result_slot {
 public:
  template <class U>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  const std::exception_ptr& error() const noexcept { return error_; }
  T take_value() { return std::move(*value_); }
  T take() {
    if (error_) std::rethrow_exception(std::move(error_));
    return take_value();
  }

 private:
  std::optional<T> value_;
  std::exception_ptr error_;
};

template <class T>
class result_slot<T&> {
 public:
  void return_value(T& value) noexcept { value_ = &value; }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  const std::exception_ptr& error() const noexcept { return error_; }
  T& take_value() noexcept { return *value_; }
  T& take() {
    if (error_) std::rethrow_exception(std::move(error_));
    return *value_;
  }

 private:
  T* value_ = nullptr;
  std::exception_ptr error_;
};

template <>
class result_slot<void> {
 public:
  void return_void() noexcept {}
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  const std::exception_ptr& error() const noexcept { return error_; }
  void take_value() noexcept {}
  void take() {
    if (error_) std::rethrow_exception(std::move(error_));
  }

 private:
  std::exception_ptr error_;
};

}  // namespace hocket::rt
