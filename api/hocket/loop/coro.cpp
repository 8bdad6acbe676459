#include <hocket/loop/coro.hpp>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include <hocket/loop/creation.hpp>
#include <hocket/rt/coro/origins.hpp>

namespace hocket {
namespace {

bool is_lambda(std::string_view function) {
  return function.find("(anonymous class)") != std::string_view::npos ||
         function.find("<lambda(") != std::string_view::npos;
}

// The same for names as demanglers write them.
bool is_lambda_symbol(std::string_view function) {
  for (const std::string_view mark : {"{lambda", "'lambda", "$_", "operator()"}) {
    if (function.find(mark) != std::string_view::npos) return true;
  }
  return is_lambda(function);
}

// Where the name begins in "hocket::Coro<int> ns::name": behind the last of `marks` that is in no angle brackets.
std::size_t name_begin(std::string_view text, std::string_view marks) {
  int depth = 0;
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    depth += c == '>' ? 1 : c == '<' ? -1 : 0;
    if (depth == 0 && marks.find(c) != std::string_view::npos) return i;
  }
  return 0;
}

}  // namespace

std::string qualified_function_name(std::string_view function) {
  std::string text(function);
  for (const std::string_view space : {"(anonymous namespace)::", "{anonymous}::"}) {
    for (auto at = text.find(space); at != std::string::npos; at = text.find(space)) text.erase(at, space.size());
  }
  // "hocket::Coro<int> ns::name(args) [with T = int]": cut at the argument list.
  text = text.substr(0, text.find('('));
  return text.substr(name_begin(text, " *&"));
}

std::string bare_function_name(std::string_view function) {
  if (is_lambda_symbol(function)) return "<lambda>";
  const std::string text = qualified_function_name(function);
  return text.substr(name_begin(text, ":"));
}

std::string coroutine_name(const std::source_location& where) {
  if (is_lambda(where.function_name())) return "<lambda>";
  const std::string text = qualified_function_name(where.function_name());
  return text.substr(name_begin(text, ":"));
}

void refuse_captured_closure(const rt::promise_base& promise) {
  if (promise.first_argument_is_closure() && is_lambda(promise.where().function_name())) {
    throw TypeError(
        "pass the lambda, not its call: this coroutine refers to captures that die with the lambda; "
        "create_task(lambda, args...) keeps it");
  }
}

void warn_never_awaited(const rt::promise_base& promise, const void* frame) noexcept {
  const std::source_location where = promise.where();
  std::string text = std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                     ": RuntimeWarning: coroutine '" + coroutine_name(where) + "' was never awaited\n";
  if (rt::origins::are_noted()) {
    std::string calls = traceback_text(calls_that_made(frame, &where));
    const bool is_known = !calls.empty();
    // It came before debug mode, or its frame is a part of its caller's: a compiler may do without a block.
    if (!is_known) calls = traceback_text(calls_that_led_here());
    if (!calls.empty()) {
      text += is_known ? "Coroutine created at (most recent call last)\n" : "Dropped at (most recent call last)\n";
      text += calls + "\n";
    }
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string address_text(const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx",
                static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(address)));
  return text;
}

}  // namespace hocket
