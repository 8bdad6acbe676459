// gather: several awaitables at once, their results in argument order.
//
// Coroutines become tasks at the call, in argument order; tasks and futures are taken as they are. The first failure
// ends the gather, the others run on. Cancelling the gather, or the task that awaits it, cancels every child. Mirrors
// asyncio.gather without return_exceptions.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/result.hpp>

namespace hocket {

/// The children of one gather, in argument order, and how many are not done. What it completes is its own future.
class gather_core : public future_core {
 public:
  bool cancel(std::string_view message) override;

 protected:
  explicit gather_core(loop_state* loop, std::size_t children);
  ~gather_core() override;

  void add_child(rt::counted_ptr<future_core> child) { children_.push_back({*this, std::move(child)}); }
  /// Starts listening; the caller's reference must be held.
  void listen();
  future_core& child(std::size_t i) const noexcept { return *children_[i].future; }

  /// Every child is done with a value.
  virtual void collect() = 0;
  const char* type_name() const noexcept override { return "_GatheringFuture"; }

 private:
  // Told when its child is done; in a serial loop it takes its turn in the ready queue, as CPython's callback does.
  struct listener final : future_waiter, rt::runnable {
    listener(gather_core& g, rt::counted_ptr<future_core> f) noexcept;
    listener(listener&& other) noexcept : listener(other.gather, std::move(other.future)) {}
    void fire(future_core&) noexcept override;
    gather_core& gather;
    rt::counted_ptr<future_core> future;
  };

  void child_done(listener& l) noexcept;

  rt::task_home* const serial_home_;  // where the children's ends take their turn; null on the pool
  std::vector<listener> children_;
  std::atomic<std::size_t> left_;
  std::atomic<bool> cancel_requested_{false};
};

template <class A>
using gathered_t = stored<awaited_t<A>>;

template <class... Ts>
class gather_tuple final : public gather_core, public value_cell<std::tuple<stored<Ts>...>> {
 public:
  template <class... Handles>
  explicit gather_tuple(loop_state* loop, std::tuple<Handles...> handles)
      : gather_core(loop, sizeof...(Ts)),
        cells_(std::apply([](auto&... h) { return std::tuple(static_cast<value_cell<Ts>*>(h.state())...); }, handles)) {
    std::apply([this](auto&... h) { (this->add_child(rt::counted_ptr<future_core>(h.state())), ...); }, handles);
  }
  using gather_core::listen;

 private:
  void collect() override {
    std::apply([this](auto*... cell) { this->value.emplace(take(*cell)...); }, cells_);
  }
  template <class C>
  static auto take(C& cell) {
    return take_or_copy(*cell.value);
  }

 public:
  // A value that others may still ask the task for is copied; what cannot be copied has one owner, the gather.
  template <class V>
  static V take_or_copy(V& v) {
    if constexpr (std::is_copy_constructible_v<V>) {
      return v;
    } else {
      return std::move(v);
    }
  }

 private:
  std::tuple<value_cell<Ts>*...> cells_;
};

template <class T>
class gather_vector final : public gather_core, public value_cell<std::vector<stored<T>>> {
 public:
  template <class Handle>
  gather_vector(loop_state* loop, const std::vector<Handle>& handles) : gather_core(loop, handles.size()) {
    cells_.reserve(handles.size());
    for (const Handle& h : handles) {
      add_child(rt::counted_ptr<future_core>(h.state()));
      cells_.push_back(h.state());
    }
  }
  using gather_core::listen;

 private:
  void collect() override {
    std::vector<stored<T>> all;
    all.reserve(cells_.size());
    for (value_cell<T>* cell : cells_) all.push_back(gather_tuple<>::take_or_copy(*cell->value));
    this->value.emplace(std::move(all));
  }
  std::vector<value_cell<T>*> cells_;
};

/// Of tasks whose types are not known: their results are dropped.
class gather_any final : public gather_core, public value_cell<std::vector<std::monostate>> {
 public:
  gather_any(loop_state* loop, const std::vector<AnyTask>& tasks);
  using gather_core::listen;

 private:
  void collect() override { value.emplace(count_); }
  std::size_t count_;
};

/// What gather gives: a future of the tuple or vector. Awaitable, cancellable, may be given to run_until_complete.
template <class State, class T>
class GatherFuture : public future_handle<T, State> {
 public:
  using future_handle<T, State>::future_handle;
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

/// Runs the awaitables at once; gives a future of their results in argument order, void as std::monostate. The children
/// start in argument order at the call. Throws RuntimeError("no running event loop") when there are coroutines and no
/// loop. Mirrors asyncio.gather.
template <class... As>
  requires((is_coro<std::decay_t<As>> || converts_to_coro<As> || requires(const As& a) { a.state(); }) && ...)
auto gather(As&&... awaitables) {
  using state = gather_tuple<awaited_t<As>...>;
  std::tuple handles{ensure_future(std::forward<As>(awaitables))...};  // braces: in argument order
  loop_state* loop = loop_state::running_here();
  std::apply([&](auto&... h) { ((loop = loop ? loop : h.state()->loop()), ...); }, handles);
  auto g = rt::counted_ptr<state>::adopt(new state(loop, std::move(handles)));
  g->listen();
  return GatherFuture<state, std::tuple<gathered_t<As>...>>(std::move(g));
}

template <class Handle>
  requires(!is_coro<Handle> && !std::is_same_v<Handle, AnyTask>)
auto gather(const std::vector<Handle>& handles) {
  using T = typename Handle::value_type;
  using state = gather_vector<T>;
  loop_state* loop = loop_state::running_here();
  if (!loop && !handles.empty()) loop = handles.front().state()->loop();
  auto g = rt::counted_ptr<state>::adopt(new state(loop, handles));
  g->listen();
  return GatherFuture<state, std::vector<stored<T>>>(std::move(g));
}

/// For all_tasks(): the results are dropped.
GatherFuture<gather_any, std::vector<std::monostate>> gather(const std::vector<AnyTask>& tasks);

/// The same for vectors: of coroutines, tasks or futures. The results come as a vector.
template <class T>
auto gather(std::vector<Coro<T>> coros) {
  std::vector<Task<T>> tasks;
  tasks.reserve(coros.size());
  for (Coro<T>& c : coros) tasks.push_back(create_task(std::move(c)));
  return gather(tasks);
}

}  // namespace hocket
