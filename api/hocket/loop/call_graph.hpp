// Call graphs: where a task stands, who awaits it, where they stand, and so on; and all tasks of a loop as a tree.
//
//   * Task(name='Task-2', id=0x7f52c0)
//     + Call stack:
//     |   File 'fetch.cpp', line 12, in async fetch()
//     + Awaited by:
//       * Task(name='Task-1', id=0x7f5240) ...
//
// Asking costs; running tasks does not: a coroutine notes where it awaits in the word that holds its exception later.
// Of tasks of the same serial loop the graph is exact. In the parallel door it is put together while others run: each
// stack is whole, but the parts are of different moments, and a task that runs or stands in a queue of the pool cannot
// be looked at: `is_running`. Mirrors asyncio's call graphs as of CPython 3.14 (graph.py).
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/task.hpp>

namespace hocket {

/// A task or future of any type, or none. A counted handle.
class AnyFuture {
 public:
  AnyFuture() = default;
  explicit AnyFuture(rt::counted_ptr<future_core> core) noexcept : core_(std::move(core)) {}
  /// Of a Task, a Future, what gather gives, an AnyTask.
  template <class Handle>
    requires requires(const Handle& h) {
      { h.state() } -> std::convertible_to<future_core*>;
    }
  AnyFuture(const Handle& handle) noexcept : core_(handle.state()) {}

  explicit operator bool() const noexcept { return static_cast<bool>(core_); }
  future_core* state() const noexcept { return core_.get(); }
  bool done() const noexcept { return core_->is_done(); }
  bool cancelled() const noexcept { return core_->is_cancelled(); }
  /// The task that it is; empty when it is none.
  AnyTask task() const noexcept;

  friend bool operator==(const AnyFuture& a, const AnyFuture& b) noexcept { return a.core_ == b.core_; }
  friend std::ostream& operator<<(std::ostream& out, const AnyFuture& f) {
    return out << (f ? f.core_->repr() : "<no future>");
  }

 private:
  rt::counted_ptr<future_core> core_;
};

/// One function of a call stack. Mirrors asyncio.FrameCallGraphEntry, whose `frame` is an object of the interpreter.
struct FrameCallGraphEntry {
  enum class Kind : std::uint8_t { function, coroutine, async_generator };

  std::string function;  // "reader::fetch", "main::<lambda>"
  std::string file;      // as the compiler was given it
  unsigned line = 0;     // of the await where it stands; of the function, when it has not come to one yet
  Kind kind = Kind::function;
};

/// Mirrors asyncio.FutureCallGraph.
struct FutureCallGraph {
  AnyFuture future;
  std::vector<FrameCallGraphEntry> call_stack;  // innermost first
  std::vector<FutureCallGraph> awaited_by;      // in the order in which they came
  bool is_running = false;                      // another worker has it, so there is no stack
};

struct CallGraphOptions {
  unsigned depth = 1;             // the current task: from whose call on; 1: the caller's, 2: whoever called that
  std::optional<int> limit = {};  // of each stack: n > 0: the n outermost, -n: the n innermost; 0: no stacks
};

struct PrintCallGraphOptions {
  std::FILE* file = nullptr;  // stdout when null
  unsigned depth = 1;
  std::optional<int> limit = {};
};

/// The graph of the task whose code calls; nothing when no task does. The plain functions between its coroutine and
/// this call are in it where the program has its debug information. Throws RuntimeError outside of a loop. Mirrors
/// asyncio.capture_call_graph.
std::optional<FutureCallGraph> capture_call_graph(CallGraphOptions options = {},
                                                  std::source_location where = std::source_location::current());
/// The graph of `future`. Any thread.
std::optional<FutureCallGraph> capture_call_graph(const AnyFuture& future, CallGraphOptions options = {},
                                                  std::source_location where = std::source_location::current());

/// The same as text, in the form of CPython 3.14; "" when no task calls. Mirrors asyncio.format_call_graph.
std::string format_call_graph(CallGraphOptions options = {},
                              std::source_location where = std::source_location::current());
std::string format_call_graph(const AnyFuture& future, CallGraphOptions options = {},
                              std::source_location where = std::source_location::current());
/// The text of one that was captured. An extension.
std::string format_call_graph(const FutureCallGraph& graph);

/// Writes it, in one call. Mirrors asyncio.print_call_graph.
void print_call_graph(PrintCallGraphOptions options = {}, std::source_location where = std::source_location::current());
void print_call_graph(const AnyFuture& future, PrintCallGraphOptions options = {},
                      std::source_location where = std::source_location::current());

/// Every task of `loop` that is not done, below those that await it: a task, its stack from the outermost
/// function inwards, and below that the tasks that it awaits; a task that several await stands below each. Any thread
/// that holds the loop. An extension: Python has it as `python -m asyncio pstree`.
std::string format_task_tree(const EventLoop& loop, std::source_location where = std::source_location::current());
std::string format_task_tree(const loop_state& loop, std::source_location where = std::source_location::current());
/// Of the loop whose code calls. Throws RuntimeError("no running event loop").
std::string format_task_tree(std::source_location where = std::source_location::current());
void print_task_tree(const EventLoop& loop, std::FILE* file = stdout,
                     std::source_location where = std::source_location::current());
void print_task_tree(std::source_location where = std::source_location::current());

/// What Task::print_stack takes.
struct StackOptions {
  std::optional<int> limit = {};
  std::FILE* file = nullptr;  // stdout when null
};

template <class T>
std::vector<FrameCallGraphEntry> Task<T>::get_stack(std::optional<int> limit) const {
  return AnyTask(*this).get_stack(limit);
}

}  // namespace hocket
