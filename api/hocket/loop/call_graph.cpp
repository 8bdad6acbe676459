#include <hocket/loop/call_graph.hpp>

#include <unwind.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

#include <hocket/loop/awaiting_parties.hpp>
#include <hocket/loop/function_name.hpp>
#include <hocket/loop/print.hpp>
#include <hocket/rt/base/symbols.hpp>

namespace hocket {
namespace {

using Kind = FrameCallGraphEntry::Kind;
using stack = std::vector<FrameCallGraphEntry>;

FrameCallGraphEntry entry_of(const rt::coroutine_place& p) {
  return {qualified_name(p.where.function_name()), p.where.file_name(), static_cast<unsigned>(p.where.line()),
          p.is_generator ? Kind::async_generator : Kind::coroutine};
}

stack entries_of(const std::vector<rt::coroutine_place>& places) {
  stack all;
  for (const rt::coroutine_place& p : places) all.push_back(entry_of(p));
  return all;
}

std::string_view last_component(std::string_view name) {
  const auto at = name.rfind("::");
  return at == std::string_view::npos ? name : name.substr(at + 2);
}

// --- the calling thread's own stack, from a call into this file down to the coroutine that runs ---

/// Who asks: the source line of the call, and its return address.
struct caller {
  std::source_location where;
  const void* address;
};

struct native_walk {
  static constexpr unsigned deepest = 128;

  const void* from;                          // the first of interest: earlier ones are of this file
  const std::vector<const void*>& resumers;  // where the code of the task's coroutines begins
  std::array<const void*, deepest> at{};
  unsigned depth = 0;
  bool ends_in_coroutine = false;  // the last one is in the coroutine that runs
};

_Unwind_Reason_Code note_frame(_Unwind_Context* frame, void* argument) noexcept {
  native_walk& w = *static_cast<native_walk*>(argument);
  const auto* const at = reinterpret_cast<const void*>(_Unwind_GetIP(frame));
  if (!at || w.depth == native_walk::deepest) return _URC_END_OF_STACK;
  if (w.depth == 0 && at != w.from) return _URC_NO_REASON;
  w.at[w.depth++] = at;
  const auto* const begin = reinterpret_cast<const void*>(_Unwind_GetRegionStart(frame));
  w.ends_in_coroutine = std::ranges::find(w.resumers, begin) != w.resumers.end();
  return w.ends_in_coroutine ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/// What compilers begin a frame with: where its code resumes.
const void* resumer_of(std::coroutine_handle<> h) noexcept { return *static_cast<const void* const*>(h.address()); }

/// The functions from the caller down to the coroutine that runs, which comes last; empty when that is not found.
std::vector<rt::code_place> native_places(const caller& asked, const rt::task_base& current) {
  std::vector<const void*> resumers;
  for (auto h = current.innermost(); h; h = rt::promise_of(h).continuation()) resumers.push_back(resumer_of(h));
  native_walk w{.from = asked.address, .resumers = resumers};
  _Unwind_Backtrace(note_frame, &w);
  std::vector<rt::code_place> all;
  for (unsigned i = 0; w.ends_in_coroutine && i < w.depth; ++i) {
    auto places = rt::places_of(w.at[i], true);
    std::ranges::move(places, std::back_inserter(all));
  }
  return all;
}

/// The stack of the task whose code calls: plain functions, the coroutine that runs, those that await it.
stack current_stack(const caller& asked, const task_look& look) {
  stack coroutines = entries_of(look.places());
  if (coroutines.empty()) return {};  // its frame is being destroyed
  const std::string by = qualified_name(asked.where.function_name());
  const auto line = static_cast<unsigned>(asked.where.line());
  if (by == coroutines.front().function) {
    coroutines.front().line = line;
    return coroutines;
  }
  stack all{{by, asked.where.file_name(), line, Kind::function}};
  const auto native = native_places(asked, *look.party());
  // The first is the caller itself, unless that one ended in this call and left no trace.
  const auto is_caller = [&](const rt::code_place& p, const std::string& name) {
    return static_cast<unsigned>(p.line) == line || last_component(name) == last_component(by);
  };
  for (std::size_t i = 0; i < native.size(); ++i) {
    const rt::code_place& p = native[i];
    const std::string name = qualified_name(p.function);
    const bool is_known = !p.file.empty() && p.line > 0;
    if (i + 1 == native.size()) {
      if (is_known) coroutines.front().line = static_cast<unsigned>(p.line);
    } else if (is_known && (i > 0 || !is_caller(p, name))) {
      all.push_back({name, p.file, static_cast<unsigned>(p.line), Kind::function});
    }
  }
  std::ranges::move(coroutines, std::back_inserter(all));
  return all;
}

// --- the graph ---

/// As CPython's: the innermost comes first; n > 0 leaves those at the far end.
void cut(stack& s, std::optional<int> limit) {
  if (!limit) return;
  const std::size_t most = static_cast<std::size_t>(*limit < 0 ? -static_cast<long>(*limit) : *limit);
  if (s.size() <= most) return;
  if (*limit < 0) {
    s.resize(most);
  } else {
    s.erase(s.begin(), s.end() - static_cast<std::ptrdiff_t>(most));
  }
}

class builder {
 public:
  builder(const CallGraphOptions& options, const caller& asked) : options_(options), asked_(asked) {}

  static FutureCallGraph graph_of(const rt::counted_ptr<future_core>& future, stack s, bool is_running) {
    return {.future = AnyFuture(future), .call_stack = std::move(s), .awaited_by = {}, .is_running = is_running};
  }
  FutureCallGraph graph_of(const task_look& look) const {
    const bool is_running = !look.can_be_read() && !look.whole()->is_done();
    return graph_of(look.whole(), look.is_current() ? stack() : stack_of(look), is_running);
  }

  void add_awaited_by(FutureCallGraph& graph) {
    const future_core* const future = graph.future.state();
    if (std::ranges::find(path_, future) != path_.end()) return;  // they wait for one another: a deadlock
    std::optional<std::size_t> current;
    {
      const awaiting_parties parties(*future);
      for (const task_look& l : parties.looks()) {
        if (l.is_current()) current = graph.awaited_by.size();
        graph.awaited_by.push_back(graph_of(l));
      }
    }  // from here on they may run: what comes next may be long
    if (current) add_current_stack(graph.awaited_by[*current]);
    path_.push_back(future);
    for (FutureCallGraph& g : graph.awaited_by) add_awaited_by(g);
    path_.pop_back();
  }

  void add_current_stack(FutureCallGraph& graph) const {
    if (options_.limit == 0) return;
    task_look look(*rt::current_task());
    look.begin();
    stack s = current_stack(asked_, look);
    const std::size_t skipped = std::min<std::size_t>(s.size(), options_.depth > 0 ? options_.depth - 1 : 0);
    s.erase(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(skipped));
    cut(s, options_.limit);
    graph.call_stack = std::move(s);
  }

 private:
  stack stack_of(const task_look& look) const {
    stack s;
    if (options_.limit != 0) s = entries_of(look.places());
    cut(s, options_.limit);
    return s;
  }

  const CallGraphOptions options_;
  const caller asked_;
  std::vector<const future_core*> path_;
};

task_core* as_core(const future_core& f) noexcept {
  return static_cast<task_core*>(const_cast<future_core&>(f).as_task());
}

/// Null: the current task, if there is one.
std::optional<FutureCallGraph> capture(future_core* future, const CallGraphOptions& options, const caller& asked) {
  rt::task_base* const current = rt::current_task();
  if (!future) {
    if (!loop_state::running_here()) {
      throw RuntimeError(
          "capture_call_graph() is called outside of a running event loop and no *future* to introspect was provided");
    }
    if (!current) return std::nullopt;
    future = static_cast<task_core*>(&current->whole_task());
  }
  builder b(options, asked);
  FutureCallGraph graph = builder::graph_of(rt::counted_ptr<future_core>(future), {}, false);
  if (task_core* const task = as_core(*future)) {
    if (current && &current->whole_task() == task) {
      b.add_current_stack(graph);
    } else {
      task_look look(*task);
      look.begin();
      graph = b.graph_of(look);
    }
  }
  b.add_awaited_by(graph);
  return graph;
}

// --- its text ---

std::string in_quotes(std::string_view s) {
  std::string out;
  text::append_quoted(out, s);
  return out;
}

std::string_view tag_of(Kind kind) noexcept {
  return kind == Kind::function ? "" : kind == Kind::coroutine ? "async " : "async generator ";
}

void render(const FutureCallGraph& graph, std::size_t level, std::string& out) {
  const auto add_line = [&](const std::string& line) {
    if (!out.empty()) out += '\n';
    out.append(level * 4, ' ') += line;
  };
  const AnyTask task = graph.future.task();
  const std::string id = "id=" + address_text(graph.future.state()) + ")";
  add_line(task ? "* Task(name=" + in_quotes(task.get_name()) + ", " + id : "* Future(" + id);
  if (!graph.call_stack.empty() || graph.is_running) add_line("  + Call stack:");
  if (graph.is_running) add_line("  |   (running)");
  for (const FrameCallGraphEntry& e : graph.call_stack) {
    add_line("  |   File " + in_quotes(e.file) + ", line " + std::to_string(e.line) + ", in " +
             std::string(tag_of(e.kind)) + e.function + "()");
  }
  if (graph.awaited_by.empty()) return;
  add_line("  + Awaited by:");
  for (const FutureCallGraph& g : graph.awaited_by) render(g, level + 1, out);
}

std::string text_of(const std::optional<FutureCallGraph>& graph) {
  return graph ? format_call_graph(*graph) : std::string();
}

void write(std::FILE* file, std::string line) {
  line += '\n';
  text::write_line(file ? file : stdout, line);
}

CallGraphOptions without_file(const PrintCallGraphOptions& o) { return {.depth = o.depth, .limit = o.limit}; }

// --- the tree ---

struct tree_node {
  rt::counted_ptr<task_core> task;
  stack outermost_first;
  bool is_running = false;
  bool is_awaited = false;
  bool is_shown = false;
  std::vector<std::size_t> awaits;  // the nodes that this one awaits
};

class tree {
 public:
  tree(const loop_state& loop, const caller& asked) {
    for (auto& t : loop.tasks()) {
      place_of_[t.get()] = nodes_.size();
      nodes_.emplace_back().task = std::move(t);
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) look_at(i, asked);
  }

  std::string text() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].is_awaited) show(i, "", true);
    }
    // Those that wait for one another are nobody's to begin with.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!nodes_[i].is_shown) show(i, "", true);
    }
    return std::move(out_);
  }

 private:
  void look_at(std::size_t i, const caller& asked) {
    tree_node& n = nodes_[i];
    {
      rt::task_base* const current = rt::current_task();
      const bool is_current = current && &current->whole_task() == n.task.get();
      task_look look(is_current ? *current : *n.task);
      look.begin();
      n.outermost_first = is_current ? current_stack(asked, look) : entries_of(look.places());
      n.is_running = !look.can_be_read() && !n.task->is_done();
      std::ranges::reverse(n.outermost_first);
    }
    const awaiting_parties parties(*n.task);
    for (const task_look& l : parties.looks()) {
      const auto at = place_of_.find(l.whole().get());
      if (at == place_of_.end()) continue;  // of another loop, or it came after the list
      auto& awaits = nodes_[at->second].awaits;
      if (std::ranges::find(awaits, i) == awaits.end()) awaits.push_back(i);
      n.is_awaited = true;
    }
  }

  void add_line(const std::string& prefix, bool is_last, const std::string& line) {
    if (!out_.empty()) out_ += '\n';
    out_ += prefix + (is_last ? "└── " : "├── ") + line;
  }

  void show(std::size_t i, std::string prefix, bool is_last) {
    tree_node& n = nodes_[i];
    const bool is_cycle = std::ranges::find(path_, i) != path_.end();
    add_line(prefix, is_last,
             "(T) " + n.task->name() +
                 (is_cycle       ? " (awaits itself)"
                  : n.is_shown   ? " (see above)"
                  : n.is_running ? " (running)"
                                 : ""));
    if (std::exchange(n.is_shown, true)) return;
    prefix += is_last ? "    " : "│   ";
    for (const FrameCallGraphEntry& e : n.outermost_first) {
      add_line(prefix, true, " " + e.function + " " + e.file + ":" + std::to_string(e.line));
      prefix += "    ";
    }
    path_.push_back(i);
    for (const std::size_t& next : n.awaits) show(next, prefix, &next == &n.awaits.back());
    path_.pop_back();
  }

  std::vector<tree_node> nodes_;
  std::map<const task_core*, std::size_t> place_of_;
  std::vector<std::size_t> path_;
  std::string out_;
};

}  // namespace

AnyTask AnyFuture::task() const noexcept {
  return AnyTask(rt::counted_ptr<task_core>(core_ ? as_core(*core_) : nullptr));
}

// Not inlined: the return address is the caller's, below which its stack begins.
#define HOCKET_CALLER_HERE \
  caller { where, __builtin_extract_return_addr(__builtin_return_address(0)) }

[[gnu::noinline]] std::optional<FutureCallGraph> capture_call_graph(CallGraphOptions options,
                                                                    std::source_location where) {
  return capture(nullptr, options, HOCKET_CALLER_HERE);
}
[[gnu::noinline]] std::optional<FutureCallGraph> capture_call_graph(const AnyFuture& future, CallGraphOptions options,
                                                                    std::source_location where) {
  return capture(future.state(), options, HOCKET_CALLER_HERE);
}

[[gnu::noinline]] std::string format_call_graph(CallGraphOptions options, std::source_location where) {
  return text_of(capture(nullptr, options, HOCKET_CALLER_HERE));
}
[[gnu::noinline]] std::string format_call_graph(const AnyFuture& future, CallGraphOptions options,
                                                std::source_location where) {
  return text_of(capture(future.state(), options, HOCKET_CALLER_HERE));
}
std::string format_call_graph(const FutureCallGraph& graph) {
  std::string out;
  render(graph, 0, out);
  return out;
}

[[gnu::noinline]] void print_call_graph(PrintCallGraphOptions options, std::source_location where) {
  write(options.file, text_of(capture(nullptr, without_file(options), HOCKET_CALLER_HERE)));
}
[[gnu::noinline]] void print_call_graph(const AnyFuture& future, PrintCallGraphOptions options,
                                        std::source_location where) {
  write(options.file, text_of(capture(future.state(), without_file(options), HOCKET_CALLER_HERE)));
}

[[gnu::noinline]] std::string format_task_tree(const loop_state& loop, std::source_location where) {
  return tree(loop, HOCKET_CALLER_HERE).text();
}
[[gnu::noinline]] std::string format_task_tree(const EventLoop& loop, std::source_location where) {
  return tree(loop.state(), HOCKET_CALLER_HERE).text();
}
[[gnu::noinline]] std::string format_task_tree(std::source_location where) {
  return tree(running_loop(), HOCKET_CALLER_HERE).text();
}
[[gnu::noinline]] void print_task_tree(const EventLoop& loop, std::FILE* file, std::source_location where) {
  write(file, tree(loop.state(), HOCKET_CALLER_HERE).text());
}
[[gnu::noinline]] void print_task_tree(std::source_location where) {
  write(stdout, tree(running_loop(), HOCKET_CALLER_HERE).text());
}

// --- stacks of tasks ---

std::vector<FrameCallGraphEntry> AnyTask::get_stack(std::optional<int> limit) const {
  task_look look(*core_);
  look.begin();
  stack s = entries_of(look.places());
  if (limit) cut(s, -std::max(*limit, 0));
  std::ranges::reverse(s);
  return s;
}

namespace {

/// The line of source code, without its indent, if the file is there.
std::string source_line(const FrameCallGraphEntry& e) {
  std::ifstream file(e.file);
  std::string line;
  for (unsigned i = 0; i < e.line; ++i) {
    if (!std::getline(file, line)) return {};
  }
  const auto begin = line.find_first_not_of(" \t");
  return begin == std::string::npos ? std::string() : line.substr(begin);
}

}  // namespace

void AnyTask::print_stack() const { print_stack(StackOptions()); }

void AnyTask::print_stack(const StackOptions& options) const {
  const stack s = get_stack(options.limit);
  std::string out = (s.empty() ? "No stack for " : "Stack for ") + core_->repr();
  if (!s.empty()) out += " (most recent call last):";
  for (const FrameCallGraphEntry& e : s) {
    out += "\n  File \"" + e.file + "\", line " + std::to_string(e.line) + ", in " + e.function;
    if (const std::string line = source_line(e); !line.empty()) out += "\n    " + line;
  }
  if (const std::exception_ptr e = core_->peek_exception()) out += "\n" + describe(e);
  write(options.file, std::move(out));
}

}  // namespace hocket
