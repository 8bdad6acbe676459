// What an exception handler of a loop is told, and what the default one writes.
//
// Mirrors the dict of asyncio's loop.call_exception_handler: `message` and `exception`, and under Python's other keys
// ("future", "task", "handle", "asyncgen") the repr of the object, which may be about to end when the report is made.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace hocket {

class EventLoop;

struct ExceptionContext {
  ExceptionContext() = default;
  explicit ExceptionContext(std::string message_text, std::exception_ptr e = {},
                            std::map<std::string, std::string> others = {})
      : message(std::move(message_text)), exception(std::move(e)), details(std::move(others)) {}

  std::string message;
  std::exception_ptr exception;                // may be null
  std::map<std::string, std::string> details;  // the other keys, each with its object's repr

  /// As Python prints the dict: "{'message': 'boom', 'exception': ValueError('x')}".
  std::string repr() const;
};

/// Called where the problem is found: in a serial loop one at a time; in the parallel door on any worker, perhaps on
/// several at once. What it throws is contained (see EventLoop::call_exception_handler).
using ExceptionHandler = std::function<void(const EventLoop&, const ExceptionContext&)>;

/// What the default handler writes, without the last line's end.
std::string default_report(const ExceptionContext& context);

/// Writes it to standard error. Any thread.
void write_default_report(const ExceptionContext& context) noexcept;

/// Tells the exception handler of the loop whose code calls; where no loop runs, standard error. Any thread.
void report_problem(const ExceptionContext& context) noexcept;

/// The same for a problem with one thing more to say: "future: <Task finished ...>".
void report_problem(const std::string& message, const std::string& context, const std::exception_ptr& e) noexcept;

}  // namespace hocket
