// What the promise of every coroutine of this library has in common: its frame's memory, its task, who awaits it, where
// it stands.
//
// A coroutine that awaits another hands control over: with clang by symmetric transfer, which it compiles to a jump in
// every build mode; with g++, which does so only at -O2 without sanitizers, by returning to the resumer, which goes on
// with the other frame. Neither uses stack, so a chain of any length of awaits that complete at once is flat.
#pragma once

#include <bit>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
inline transfer_result transfer(task_base& t, std::coroutine_handle<> to) noexcept {
  t.note_innermost(to);
  return to;
}
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

/// Where a coroutine stands: its function, and the line of its last await, or of the function before the first one.
struct coroutine_place {
  std::source_location where;
  bool is_generator = false;
};

/// Where a coroutine stands while it has not ended, and what it failed with from then on: one word. A place is the
/// address of what the compiler wrote down for a source_location, marked by its lowest bit, which no exception's
/// address has. It costs a store of a constant for each await.
class place_or_failure {
 public:
  place_or_failure() noexcept : place_(is_place) {}
  place_or_failure(const place_or_failure&) = delete;
  place_or_failure& operator=(const place_or_failure&) = delete;
  ~place_or_failure() {
    const std::uintptr_t w = word();
    if (w & is_place) return;
    if (w == 0) __builtin_unreachable();  // a failure is an exception: its destructor need not look
    std::destroy_at(&failure_);
  }

  /// Before it ends.
  void set_place(const std::source_location& where, bool of_generator) noexcept {
    place_ = std::bit_cast<std::uintptr_t>(where) + is_place + (of_generator ? is_generator : 0);
  }
  coroutine_place place() const noexcept {
    const std::uintptr_t w = word();
    return {std::bit_cast<std::source_location>(w & ~(is_place | is_generator)), (w & is_generator) != 0};
  }

  /// Once.
  void fail(std::exception_ptr e) noexcept {
    if (e) std::construct_at(&failure_, std::move(e));
  }
  bool has_failed() const noexcept { return !(word() & is_place); }
  std::exception_ptr failure() const noexcept { return has_failed() ? failure_ : std::exception_ptr(); }

 private:
  static constexpr std::uintptr_t is_place = 1, is_generator = 2;
  static_assert(sizeof(std::source_location) == sizeof(std::uintptr_t) &&
                    sizeof(std::exception_ptr) == sizeof(std::uintptr_t),
                "both are taken for one pointer");

  std::uintptr_t word() const noexcept {
    std::uintptr_t w;
    std::memcpy(&w, static_cast<const void*>(this), sizeof w);
    return w;
  }

  union {
    std::uintptr_t place_;
    std::exception_ptr failure_;
  };
};

class promise_base {
 public:
  explicit promise_base(bool first_argument_is_closure = false) noexcept : before_{first_argument_is_closure} {}
  promise_base(const promise_base&) = delete;
  promise_base& operator=(const promise_base&) = delete;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  /// Where it stands: whoever owns the frame may ask, until it ends.
  coroutine_place place() const noexcept { return place_.place(); }
  std::source_location where() const noexcept { return place_.place().where; }
  /// Before its first step: where its function is. From then on: the await that it comes to.
  void stand_at(const std::source_location& where, bool is_generator = false) noexcept {
    place_.set_place(where, is_generator);
  }

  void unhandled_exception() noexcept { place_.fail(std::current_exception()); }
  /// What it failed with, or null; also when it has not ended.
  std::exception_ptr error() const noexcept { return place_.failure(); }
  void rethrow_failure() const {
    if (place_.has_failed()) std::rethrow_exception(place_.failure());
  }

  // --- before its first step ---

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
  /// The coroutine that awaits this one; null for the root.
  std::coroutine_handle<> continuation() const noexcept { return begun_.continuation; }

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
  place_or_failure place_;
};

/// The promise of a frame, whatever its type: that of every coroutine of this library begins with a promise_base, and
/// is aligned so that it stands at the same place of the frame.
inline promise_base& promise_of(std::coroutine_handle<> h) noexcept {
  return std::coroutine_handle<promise_base>::from_address(h.address()).promise();
}
template <class Promise>
inline constexpr bool promise_is_found =
    std::is_base_of_v<promise_base, Promise> && alignof(Promise) <= 2 * sizeof(void*);

/// Where a coroutine leaves its value.
template <class T>
class result_slot {
 public:
  template <class U>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take_value() { return std::move(*value_); }
  const T& value() const noexcept { return *value_; }

 private:
  std::optional<T> value_;
};

template <class T>
class result_slot<T&> {
 public:
  void return_value(T& value) noexcept { value_ = &value; }
  T& take_value() noexcept { return *value_; }

 private:
  T* value_ = nullptr;
};

template <>
class result_slot<void> {
 public:
  void return_void() noexcept {}
  void take_value() noexcept {}
};

}  // namespace hocket::rt
