// create_task: a coroutine becomes a task of the running loop.
#pragma once

#include <concepts>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/loop/loop_state.hpp>
#include <hocket/loop/task.hpp>
#include <hocket/loop/task_factory.hpp>

namespace hocket {

/// Whether `T` is a Coro.
template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<Coro<T>> = true;

/// Callables that may be passed inside a co_await expression. g++ before 13 destroys a closure with captures twice when
/// it is a temporary there (GCC PR99576), so with it such a callable must have a name.
template <class F>
concept safe_callable =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::decay_t<F>>;
#else
    true;
#endif

#define HOCKET_REQUIRE_SAFE_CALLABLE(F)                                                                                \
  static_assert(::hocket::safe_callable<F>,                                                                            \
                "g++ before 13 destroys this lambda twice inside a co_await expression: give it a name first (auto f " \
                "= [...] {...};) and pass the name")

/// Keeps a callable and its arguments in a coroutine's own frame and calls it there.
template <class F, class... Args>
Coro<typename std::invoke_result_t<F&, Args...>::value_type> call_and_await(F fn, Args... args) {
  co_return co_await fn(std::move(args)...);
}

/// What is not a coroutine or a handle, and can be turned into a coroutine: sleep(...), queue.get(), lock.acquire() and
/// the like, which are coroutines in asyncio.
template <class A>
concept converts_to_coro = !is_coro<std::decay_t<A>> && requires { typename std::decay_t<A>::value_type; } &&
                           std::is_convertible_v<A&&, Coro<typename std::decay_t<A>::value_type>>;

/// Makes a task of `loop` that runs at `home`. `born_cancelled`: it ends cancelled without having started.
template <class T>
rt::counted_ptr<task_state<T>> start_task(loop_state& loop, rt::task_home& home, Coro<T> coro, TaskOptions options,
                                          rt::counted_ptr<task_scope> scope = nullptr, bool born_cancelled = false) {
  if (!coro) throw TypeError("a coroutine was expected, got one that was already awaited or moved from");
  auto handle = coro.release();
  rt::counted_ptr<task_state<T>> state;
  try {
    if (!born_cancelled) refuse_captured_closure(handle.promise());  // one that never runs never looks
    loop.check_closed();
    state = rt::counted_ptr<task_state<T>>::adopt(new task_state<T>(home, handle));
    if (!options.name.empty()) state->set_name(std::string(options.name));
    if (scope) state->set_scope(std::move(scope));
    if (options.context) state->context().use(rt::counted_ptr<context_state>(options.context.state()));
    if (born_cancelled) state->task_base::cancel();
  } catch (...) {
    handle.destroy();
    throw;
  }
  state->start(options.eager_start.value_or(false) && loop_state::running_here() == &loop && home.runs_here());
  return state;
}

/// The coroutine that a task factory is given.
template <class T>
class pending_task_of final : public PendingTask {
 public:
  pending_task_of(loop_state& loop, rt::task_home& home, Coro<T> coro) noexcept
      : loop_(loop), home_(home), coro_(std::move(coro)) {}

  AnyTask start(TaskOptions options) override {
    made_ = start_task(loop_, home_, std::move(coro_), options);
    return AnyTask(made_);
  }
  std::string coroutine() const override { return coro_.name(); }
  rt::counted_ptr<task_state<T>> made() && noexcept { return std::move(made_); }

 private:
  loop_state& loop_;
  rt::task_home& home_;
  Coro<T> coro_;
  rt::counted_ptr<task_state<T>> made_;
};

/// The same by way of the loop's task factory, when it has one.
template <class T>
rt::counted_ptr<task_state<T>> make_task(loop_state& loop, rt::task_home& home, Coro<T> coro, TaskOptions options) {
  const auto factory = loop.task_factory();
  if (!factory) return start_task(loop, home, std::move(coro), options);
  pending_task_of<T> pending(loop, home, std::move(coro));
  const AnyTask given = (*factory)(pending, options);
  auto made = std::move(pending).made();
  check_made_by_factory(given, made.get());
  return made;
}

/// The loop whose code calls. Throws RuntimeError("no running event loop").
loop_state& running_loop();

/// Schedules a coroutine as a task of the running loop: it starts when the caller next suspends, in its turn. In the
/// parallel door another worker may start it at once. With `eager_start` it runs at the call, as a task of its own, up
/// to its first await that waits, and never waits in a queue when it ends before; a KeyboardInterrupt or SystemExit
/// that it ends with then is thrown here. Any code that runs in a loop. Throws RuntimeError("no running event loop")
/// elsewhere; TypeError for the call of a capturing lambda. Mirrors asyncio.create_task.
template <class T>
Task<T> create_task(Coro<T> coro, TaskOptions options = {}) {
  loop_state& loop = running_loop();
  return Task<T>(make_task(loop, loop.home_for_new_task(), std::move(coro), options));
}

template <converts_to_coro A>
auto create_task(A&& awaitable, TaskOptions options = {}) {
  return create_task(Coro<typename std::decay_t<A>::value_type>(std::forward<A>(awaitable)), options);
}

/// The same for a function and its arguments, of which the task keeps copies: the way to start a lambda that captures.
template <class F, class... Args>
  requires(!is_coro<std::decay_t<F>> && std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>)
auto create_task(F&& fn, Args&&... args) {
  HOCKET_REQUIRE_SAFE_CALLABLE(F);
  return create_task(
      call_and_await<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn), std::forward<Args>(args)...));
}

/// The end of a task, whatever it is: awaiting it throws nothing of the task's.
class task_end_wait : public rt::leaf_awaiter, private future_waiter {
 public:
  explicit task_end_wait(rt::counted_ptr<future_core> f) noexcept : future_(std::move(f)) {}
  bool await_ready() const noexcept { return future_->is_done(); }
  bool commit(rt::task_base&) noexcept override { return future_->add_waiter(*this); }
  bool cancel(rt::task_base&) noexcept override {
    return false;
  }  // thrown at the resume: the task has been asked to end already
  void await_resume() { finish_resume(); }

 private:
  void fire(future_core&) noexcept override { wake(*task_); }
  void tell(awaiting_parties& to) const override;
  rt::counted_ptr<future_core> future_;
};

inline task_end_wait task_end(rt::counted_ptr<future_core> f) noexcept { return task_end_wait(std::move(f)); }

template <class T>
future_state<T>::future_state(loop_state* loop) : loop_(loop) {
  if (!loop) return;
  loop->add_ref();
  if (loop->debug()) note_creation();
}

template <class T>
future_state<T>::~future_state() {
  this->report_unseen_exception();
  if (loop_) loop_->release_ref();
}

template <class T>
Future<T> create_future(loop_state& loop) {
  return Future<T>(rt::counted_ptr<future_state<T>>::adopt(new future_state<T>(&loop)));
}

template <class T>
template <class F>
DoneCallback Future<T>::add_done_callback(F fn, DoneCallbackOptions options) const {
  return register_done_callback<Future<T>>(this->the(), std::move(fn), options);
}

template <class T>
template <class F>
DoneCallback Task<T>::add_done_callback(F fn, DoneCallbackOptions options) const {
  return register_done_callback<Task<T>>(this->the(), std::move(fn), options);
}

template <class F>
DoneCallback AnyTask::add_done_callback(F fn, DoneCallbackOptions options) const {
  return register_done_callback<AnyTask>(*core_, std::move(fn), options);
}

}  // namespace hocket
