#include <hocket/loop/exception_context.hpp>

#include <cstdio>
#include <mutex>

#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/exception_group.hpp>

namespace hocket {

std::string ExceptionContext::repr() const {
  std::string text = "{'message': '" + message + "'";
  if (exception) text += ", 'exception': " + represent(exception);
  for (const auto& [key, value] : details) text += ", '" + key + "': " + value;
  return text + "}";
}

std::string default_report(const ExceptionContext& context) {
  std::string text = context.message.empty() ? "Unhandled exception in event loop" : context.message;
  for (const auto& [key, value] : context.details) text += "\n" + key + ": " + value;
  if (context.exception) text += "\n" + format_exception(context.exception);
  return text;
}

void write_default_report(const ExceptionContext& context) noexcept {
  try {
    const std::string text = default_report(context) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
  } catch (...) {
    std::fputs("Exception in default exception handler\n", stderr);  // memory is out
  }
}

void report_problem(const ExceptionContext& context) noexcept {
  if (loop_state* loop = loop_state::running_here()) {
    loop->call_exception_handler(context);
  } else {
    write_default_report(context);
  }
}

void report_problem(const std::string& message, const std::string& context, const std::exception_ptr& e) noexcept {
  ExceptionContext it(message, e);
  if (const auto colon = context.find(": "); colon != std::string::npos) {
    it.details.emplace(context.substr(0, colon), context.substr(colon + 2));
  } else if (!context.empty()) {
    it.message += "\n" + context;
  }
  report_problem(it);
}

namespace {

// Of the exception that is handled.
void report_broken_handler(const ExceptionContext& context) noexcept {
  try {
    write_default_report(ExceptionContext("Unhandled error in exception handler", std::current_exception(),
                                          {{"context", context.repr()}}));
  } catch (...) {
    std::fputs(
        "Exception in default exception handler while handling an unexpected error in custom exception handler\n",
        stderr);
  }
}

}  // namespace

void loop_state::call_exception_handler(const ExceptionContext& context) noexcept {
  const std::shared_ptr<const ExceptionHandler> handler = exception_handler();
  if (!handler) return write_default_report(context);
  try {
    (*handler)(EventLoop(rt::counted_ptr<loop_state>(this)), context);
  } catch (const KeyboardInterrupt&) {
    escape(std::current_exception());
  } catch (const SystemExit&) {
    escape(std::current_exception());
  } catch (...) {
    report_broken_handler(context);
  }
}

void loop_state::set_exception_handler(ExceptionHandler handler) {
  auto held = handler ? std::make_shared<const ExceptionHandler>(std::move(handler)) : nullptr;
  const std::lock_guard guard(settings_mutex_);
  exception_handler_.swap(held);  // the old one ends outside the lock: `held` is declared before it
}

std::shared_ptr<const ExceptionHandler> loop_state::exception_handler() const {
  const std::lock_guard guard(settings_mutex_);
  return exception_handler_;
}

}  // namespace hocket
