// gather: several awaitables at once, their results in argument order.
//
// Coroutines become tasks at the call, in argument order; tasks and futures are taken as they are. The first failure
// ends the gather, the others run on. Cancelling the gather, or the task that awaits it, cancels every child. With
// `return_exceptions` as the first argument it ends with the last child and gives a Result for each; with
// `cancel_siblings` (an extension) the first failure cancels the others and is thrown when all have ended. Mirrors
// asyncio.gather.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/result.hpp>

namespace hocket {

/// What a gather makes of its children's failures.
enum class on_failure : std::uint8_t { end_at_once, collect, cancel_siblings };

/// The first argument of a gather that gives failures as values. Mirrors gather(..., return_exceptions=True).
inline constexpr struct return_exceptions_t {
} return_exceptions;

/// The first argument of a gather whose first failure cancels the other children. An extension.
inline constexpr struct cancel_siblings_t {
} cancel_siblings;

/// What a done future failed with: its exception, CancelledError, or null. Marks it as seen.
std::exception_ptr failure_of(const future_core& f);

/// A value that others may still ask the task for is copied; what cannot be copied has one owner, the caller.
template <class V>
V take_or_copy(V& v) {
  if constexpr (std::is_copy_constructible_v<V>) {
    return v;
  } else {
    return std::move(v);
  }
}

/// The children of one gather, in argument order, and how many are not done. What it completes is its own future.
class gather_core : public future_core {
 public:
  bool cancel(std::string_view message) override;
  loop_state* loop() const noexcept override { return loop_.get(); }

 protected:
  gather_core(loop_state* loop, std::size_t children, on_failure mode);
  ~gather_core() override;

  void add_child(rt::counted_ptr<future_core> child) { children_.push_back({*this, std::move(child)}); }
  /// Starts listening; the caller's reference must be held.
  void listen();
  future_core& child(std::size_t i) const noexcept { return *children_[i].future; }
  std::size_t size() const noexcept { return children_.size(); }

  /// Every child is done; with a value, unless the mode is `collect`.
  virtual void collect() = 0;
  const char* type_name() const noexcept override { return "_GatheringFuture"; }

 private:
  // Told when its child is done; in a serial loop it takes its turn in the ready queue, as CPython's callback does.
  struct listener final : future_waiter, rt::runnable {
    listener(gather_core& g, rt::counted_ptr<future_core> f) noexcept;
    listener(listener&& other) noexcept : listener(other.gather, std::move(other.future)) {}
    void fire(future_core&) noexcept override;
    void run() noexcept override { gather.child_done(*this); }
    void tell(awaiting_parties& to) const override;
    gather_core& gather;
    rt::counted_ptr<future_core> future;
  };

  void child_done(listener& l) noexcept;
  void cancel_others(const listener& l) noexcept;
  void end_with_values() noexcept;
  std::exception_ptr cancelled_error() const;
  std::exception_ptr& failure() noexcept override { return failure_; }

  const rt::counted_ptr<loop_state> loop_;
  rt::task_home* const serial_home_;  // where the children's ends take their turn; null on the pool
  std::vector<listener> children_;
  std::atomic<std::size_t> left_;
  // Whether it ends with values is settled once; before, each cancel() that found a child to cancel counts here.
  static constexpr std::uint32_t settled = 1, one_request = 2;
  std::atomic<std::uint32_t> requests_{0};
  const on_failure mode_;
  std::atomic<bool> has_failed_{false};
  std::exception_ptr
      first_failure_;  // cancel_siblings: written by the child that set has_failed_, before it counts down
  std::exception_ptr failure_;
};

/// How gather gives each child's outcome: its value.
struct gathered_value {
  template <class T>
  using type = stored<T>;
  template <class T>
  static stored<T> take(future_core&, value_cell<T>& cell) {
    return take_or_copy(*cell.value);
  }
};

/// The same with return_exceptions: a Result.
struct gathered_result {
  template <class T>
  using type = Result<T>;
  template <class T>
  static Result<T> take(future_core& f, value_cell<T>& cell) {
    if (std::exception_ptr e = failure_of(f)) return Result<T>(std::move(e));
    return Result<T>(std::in_place, take_or_copy(*cell.value));
  }
};

template <class Outcome, class... Ts>
class gather_tuple final : public gather_core, public value_cell<std::tuple<typename Outcome::template type<Ts>...>> {
 public:
  template <class... Handles>
  gather_tuple(loop_state* loop, on_failure mode, std::tuple<Handles...> handles)
      : gather_core(loop, sizeof...(Ts), mode),
        cells_(std::apply([](auto&... h) { return std::tuple(static_cast<value_cell<Ts>*>(h.state())...); }, handles)) {
    std::apply([this](auto&... h) { (this->add_child(rt::counted_ptr<future_core>(h.state())), ...); }, handles);
  }
  using gather_core::listen;

 private:
  void collect() override { collect_each(std::index_sequence_for<Ts...>()); }
  template <std::size_t... I>
  void collect_each(std::index_sequence<I...>) {
    this->value.emplace(Outcome::template take<Ts>(child(I), *std::get<I>(cells_))...);
  }

  std::tuple<value_cell<Ts>*...> cells_;
};

template <class Outcome, class T>
class gather_vector final : public gather_core, public value_cell<std::vector<typename Outcome::template type<T>>> {
 public:
  template <class Handle>
  gather_vector(loop_state* loop, on_failure mode, const std::vector<Handle>& handles)
      : gather_core(loop, handles.size(), mode) {
    cells_.reserve(handles.size());
    for (const Handle& h : handles) {
      add_child(rt::counted_ptr<future_core>(h.state()));
      cells_.push_back(h.state());
    }
  }
  using gather_core::listen;

 private:
  void collect() override {
    std::vector<typename Outcome::template type<T>> all;
    all.reserve(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) all.push_back(Outcome::template take<T>(child(i), *cells_[i]));
    this->value.emplace(std::move(all));
  }
  std::vector<value_cell<T>*> cells_;
};

/// Of tasks whose types are not known: their values are dropped.
template <class Outcome>
class gather_any final : public gather_core, public value_cell<std::vector<typename Outcome::template type<void>>> {
 public:
  gather_any(loop_state* loop, on_failure mode, const std::vector<AnyTask>& tasks)
      : gather_core(loop, tasks.size(), mode) {
    for (const AnyTask& t : tasks) add_child(rt::counted_ptr<future_core>(t.state()));
  }
  using gather_core::listen;

 private:
  void collect() override {
    value_cell<void> nothing;
    nothing.value.emplace();
    std::vector<typename Outcome::template type<void>> all;
    all.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) all.push_back(Outcome::template take<void>(child(i), nothing));
    this->value.emplace(std::move(all));
  }
};

/// What gather gives: a future of the tuple or vector. Awaitable, cancellable, may be given to run_until_complete.
template <class State, class T>
class GatherFuture : public future_handle<T, State> {
 public:
  using future_handle<T, State>::future_handle;

  /// Calls `fn(future)` through the loop when it is done, soon if it is. Any thread.
  template <class F>
  DoneCallback add_done_callback(F fn, DoneCallbackOptions options = {}) const {
    return register_done_callback<GatherFuture>(this->the(), std::move(fn), options);
  }
};

/// A Coro becomes a task; a handle stays what it is.
template <class T>
Task<T> ensure_future(Coro<T> coro) {
  return create_task(std::move(coro));
}
template <converts_to_coro A>
auto ensure_future(A&& awaitable) {
  return create_task(std::forward<A>(awaitable));
}
template <class H>
  requires(!is_coro<std::decay_t<H>> && !converts_to_coro<H>)
std::decay_t<H> ensure_future(H&& handle) {
  return std::forward<H>(handle);
}

/// The handles, each once, in the order in which they come first.
template <class Handle>
std::vector<Handle> without_repetition(const std::vector<Handle>& handles) {
  std::vector<Handle> once;
  std::unordered_set<const void*> seen;
  once.reserve(handles.size());
  for (const Handle& h : handles) {
    if (seen.insert(h.state()).second) once.push_back(h);
  }
  return once;
}

/// A task for each, in order.
template <class T>
std::vector<Task<T>> create_tasks(std::vector<Coro<T>> coros) {
  std::vector<Task<T>> tasks;
  tasks.reserve(coros.size());
  for (Coro<T>& c : coros) tasks.push_back(create_task(std::move(c)));
  return tasks;
}

template <class A>
concept gatherable =
    is_coro<std::decay_t<A>> || converts_to_coro<A> || requires(const std::decay_t<A>& a) { a.state(); };

template <class Outcome, class... As>
auto gather_all(on_failure mode, As&&... awaitables) {
  using state = gather_tuple<Outcome, awaited_t<As>...>;
  std::tuple handles{ensure_future(std::forward<As>(awaitables))...};  // braces: in argument order
  loop_state* loop = loop_state::running_here();
  std::apply([&](auto&... h) { ((loop = loop ? loop : h.state()->loop()), ...); }, handles);
  auto g = rt::counted_ptr<state>::adopt(new state(loop, mode, std::move(handles)));
  g->listen();
  return GatherFuture<state, std::tuple<typename Outcome::template type<awaited_t<As>>...>>(std::move(g));
}

template <class Outcome, class Handle>
auto gather_each(on_failure mode, const std::vector<Handle>& handles) {
  using T = typename Handle::value_type;
  using state = std::conditional_t<std::is_same_v<Handle, AnyTask>, gather_any<Outcome>, gather_vector<Outcome, T>>;
  loop_state* loop = loop_state::running_here();
  if (!loop && !handles.empty()) loop = handles.front().state()->loop();
  auto g = rt::counted_ptr<state>::adopt(new state(loop, mode, handles));
  g->listen();
  return GatherFuture<state, std::vector<typename Outcome::template type<T>>>(std::move(g));
}
template <class Outcome, class T>
auto gather_each(on_failure mode, std::vector<Coro<T>> coros) {
  return gather_each<Outcome>(mode, create_tasks(std::move(coros)));
}

/// Runs the awaitables at once; gives a future of their results in argument order, void as std::monostate. The children
/// start in argument order at the call. The first failure ends it; the others run on, and their failures count as seen.
/// The same handle twice runs once and gives its result twice. Throws RuntimeError("no running event loop") when there
/// are coroutines and no loop. Mirrors asyncio.gather.
template <gatherable... As>
auto gather(As&&... awaitables) {
  return gather_all<gathered_value>(on_failure::end_at_once, std::forward<As>(awaitables)...);
}

/// Gives a Result for each, a cancelled child's too, when all have ended. Mirrors gather(..., return_exceptions=True).
template <gatherable... As>
auto gather(return_exceptions_t, As&&... awaitables) {
  return gather_all<gathered_result>(on_failure::collect, std::forward<As>(awaitables)...);
}

/// The first failure cancels the other children; it is thrown when all have ended. An extension: asyncio has TaskGroup.
template <gatherable... As>
auto gather(cancel_siblings_t, As&&... awaitables) {
  return gather_all<gathered_value>(on_failure::cancel_siblings, std::forward<As>(awaitables)...);
}

/// The same for vectors: of coroutines, tasks, futures, or what all_tasks() gives. The results come as a vector.
template <class A>
auto gather(std::vector<A> awaitables) {
  return gather_each<gathered_value>(on_failure::end_at_once, std::move(awaitables));
}
template <class A>
auto gather(return_exceptions_t, std::vector<A> awaitables) {
  return gather_each<gathered_result>(on_failure::collect, std::move(awaitables));
}
template <class A>
auto gather(cancel_siblings_t, std::vector<A> awaitables) {
  return gather_each<gathered_value>(on_failure::cancel_siblings, std::move(awaitables));
}

/// The same for any other range of handles.
template <std::ranges::input_range R>
  requires(!gatherable<R>)
auto gather(const R& handles) {
  return gather(std::vector<std::ranges::range_value_t<R>>(std::ranges::begin(handles), std::ranges::end(handles)));
}
template <class Mode, std::ranges::input_range R>
  requires(!gatherable<R> && (std::is_same_v<Mode, return_exceptions_t> || std::is_same_v<Mode, cancel_siblings_t>))
auto gather(Mode mode, const R& handles) {
  return gather(mode,
                std::vector<std::ranges::range_value_t<R>>(std::ranges::begin(handles), std::ranges::end(handles)));
}

}  // namespace hocket
