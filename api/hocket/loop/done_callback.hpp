// What is to be called when a future is done, and how to take it back.
//
// A callback is queued when the future ends, or at once when it has ended already, and runs through the loop, never
// inside set_result(). Once its loop is closed it is dropped, where CPython's set_result throws "Event loop is closed".
// Mirrors Future.add_done_callback and remove_done_callback.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <hocket/loop/context.hpp>
#include <hocket/loop/future_core.hpp>
#include <hocket/loop/loop_state.hpp>

namespace hocket {

/// Names one registration: what add_done_callback gives and remove_done_callback takes. C++ cannot compare lambdas.
class DoneCallback {
 public:
  DoneCallback() = default;
  explicit DoneCallback(std::uint64_t id) noexcept : id_(id) {}
  std::uint64_t id() const noexcept { return id_; }
  friend bool operator==(DoneCallback, DoneCallback) = default;

 private:
  std::uint64_t id_ = 0;
};

struct DoneCallbackOptions {
  ContextRef context = {};  // it is called in this one itself
};

/// One registration. Owns itself until it is queued, or removed, or its future ends with it.
class done_callback : public future_waiter {
 public:
  void fire(future_core& f) noexcept final;
  bool is_answerable() const noexcept final { return false; }  // it may look, or not

  std::uint64_t id() const noexcept { return id_; }
  /// The callable, when it is an F; else null.
  template <class F>
  const F* callable() const noexcept {
    return typeid(F) == type() ? static_cast<const F*>(address()) : nullptr;
  }

 protected:
  done_callback(loop_state& loop, DoneCallbackOptions options);
  virtual ~done_callback() = default;
  void drop() noexcept final { delete this; }

  virtual const std::type_info& type() const noexcept = 0;
  virtual const void* address() const noexcept = 0;
  /// The call, for the queue. Moves the callable out.
  virtual std::function<void()> bind(future_core& f) = 0;

 private:
  rt::counted_ptr<loop_state> loop_;
  std::uint64_t id_;
  context_slot context_;  // a copy of the one that was there at the registration, or the one that was given
  const bool is_given_context_;
};

template <class Handle, class State, class F>
class done_callback_of final : public done_callback {
 public:
  done_callback_of(loop_state& loop, DoneCallbackOptions options, F fn)
      : done_callback(loop, options), fn_(std::move(fn)) {}

 private:
  const std::type_info& type() const noexcept override { return typeid(F); }
  const void* address() const noexcept override { return &fn_; }
  std::function<void()> bind(future_core& f) override {
    Handle handle(rt::counted_ptr<State>(&static_cast<State&>(f)));
    if constexpr (std::is_copy_constructible_v<F>) {
      return [h = std::move(handle), fn = std::move(fn_)]() mutable { fn(std::move(h)); };
    } else {
      return [h = std::move(handle), fn = std::make_shared<F>(std::move(fn_))]() mutable { (*fn)(std::move(h)); };
    }
  }

  F fn_;
};

/// The loop through which callbacks of `f` are called. Throws RuntimeError("no running event loop").
loop_state& loop_for_callbacks(const future_core& f);

template <class Handle, class State, class F>
DoneCallback register_done_callback(State& state, F fn, DoneCallbackOptions options) {
  auto* const c = new done_callback_of<Handle, State, F>(loop_for_callbacks(state), options, std::move(fn));
  const DoneCallback name(c->id());
  if (!state.add_waiter(*c)) static_cast<done_callback*>(c)->fire(state);
  return name;
}

std::size_t remove_done_callback(future_core& f, DoneCallback name) noexcept;

// Functions alone: to compare them runs no code of the user's, which would stand under a lock that futures share.
template <class F>
std::size_t remove_function_done_callbacks(future_core& f, F* fn) noexcept {
  return f.drop_waiters(
      [](const future_waiter& w, const void* wanted) noexcept {
        const auto* c = dynamic_cast<const done_callback*>(&w);
        F* const* const own = c ? c->callable<F*>() : nullptr;
        return own && *own == *static_cast<F* const*>(wanted);
      },
      &fn);
}

}  // namespace hocket
