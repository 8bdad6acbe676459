// The two doors. run: the serial loop that Python programmers know. run_parallel: the same names, every task on any
// core.
//
// Both make a loop, run the coroutine as its first task, then cancel what is left, wait for it, and close the loop.
// Ctrl-C: interrupts.hpp. Mirrors asyncio.run, asyncio.Runner.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/loop/event_loop.hpp>

namespace hocket {

/// A loop that is made at the first run() and closed with the Runner. Several run() share it. Not from within a loop.
/// Mirrors asyncio.Runner.
class Runner {
 public:
  explicit Runner(RunOptions options = {}, bool parallel = false) noexcept : options_(options), parallel_(parallel) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  /// Runs the coroutine and gives its value. Throws what it ended with; KeyboardInterrupt when Ctrl-C ended it;
  /// RuntimeError after close().
  template <class T>
  T run(Coro<T> coro) {
    return run(std::move(coro), get_context());
  }
  /// The same in `context` itself instead of the Runner's own. Mirrors Runner.run(context=...).
  template <class T>
  T run(Coro<T> coro, const Context& context) {
    if (loop_state::running_here()) throw RuntimeError("Runner.run() cannot be called from a running event loop");
    const EventLoop loop = get_loop();
    main_run main(loop.state());
    const Task<T> task = loop.create_task(std::move(coro).with_closure_kept(), {.context = context});
    main.until_done(*task.state());
    if constexpr (std::is_void_v<T>) {
      task.result();
    } else {
      task.result();
      return static_cast<T>(std::move(*task.state()->value));
    }
  }

  EventLoop get_loop();

  /// Cancels and drains what is left, closes async generators, shuts the default executor down (5 minutes at most),
  /// closes the loop. Throws the KeyboardInterrupt or SystemExit that a task ended with meanwhile; the destructor
  /// reports it. Twice does nothing. Mirrors Runner.close.
  void close();

 private:
  // The right to run the loop; from now on Ctrl-C cancels the main task.
  class main_run {
   public:
    explicit main_run(loop_state& loop);
    void until_done(task_core& main);

   private:
    struct interrupted_main;
    loop_state::run_claim claim_;
    const std::shared_ptr<interrupted_main> main_;
    const interrupt_guard guard_;
  };

  const Context& get_context();

  RunOptions options_;
  bool parallel_;
  bool closed_ = false;
  EventLoop loop_;
  std::optional<Context> context_;  // what a run sets, the next one sees
};

/// Throws RuntimeError("asyncio.run() cannot be called from a running event loop") within one.
void refuse_nested_run();

template <bool Parallel>
struct run_function {
  template <class T>
  T operator()(Coro<T> coro, RunOptions options = {}) const {
    refuse_nested_run();
    Runner runner(options, Parallel);
    // As in Python, what close() throws goes before what the coroutine threw.
    std::optional<stored<T>> value;
    std::exception_ptr error;
    try {
      if constexpr (std::is_void_v<T>) {
        runner.run(std::move(coro));
      } else {
        value.emplace(runner.run(std::move(coro)));
      }
    } catch (...) {
      error = std::current_exception();
    }
    runner.close();
    if (error) std::rethrow_exception(std::move(error));
    if constexpr (!std::is_void_v<T>) return static_cast<T>(std::move(*value));
  }
};

/// Runs `coro` on a new serial loop and gives its value. Mirrors asyncio.run.
inline constexpr run_function<false> run;

/// The same, with every task on any core. Code between two awaits is then not atomic for other tasks.
inline constexpr run_function<true> run_parallel;

/// For main(): runs `async_main()`, which may take nothing else; an exception that escapes is printed as Python prints
/// it. Gives the exit code: 0, or what the coroutine gives when that is an int; 1 after an exception; 130 after Ctrl-C;
/// SystemExit's own.
template <class F>
int script(F async_main, RunOptions options = {});

/// Prints the current exception as Python prints one that escapes, and gives the exit code. In a catch handler only.
int report_escaped() noexcept;

template <class F>
int script(F async_main, RunOptions options) {
  try {
    using T = typename std::invoke_result_t<F&>::value_type;
    if constexpr (std::is_same_v<T, int>) {
      return run(async_main(), options);
    } else {
      run(async_main(), options);
      return 0;
    }
  } catch (...) {
    return report_escaped();
  }
}

}  // namespace hocket
