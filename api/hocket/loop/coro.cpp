#include <hocket/loop/coro.hpp>

#include <cstdint>
#include <cstdio>
#include <string_view>

namespace hocket {
namespace {

bool is_lambda(std::string_view function) {
  return function.find("(anonymous class)") != std::string_view::npos ||
         function.find("<lambda(") != std::string_view::npos;
}

}  // namespace

std::string coroutine_name(const std::source_location& where) {
  if (is_lambda(where.function_name())) return "<lambda>";
  std::string text = where.function_name();
  for (const std::string_view space : {"(anonymous namespace)::", "{anonymous}::"}) {
    for (auto at = text.find(space); at != std::string::npos; at = text.find(space)) text.erase(at, space.size());
  }
  // "hocket::Coro<int> ns::name(args) [with T = int]": cut at the argument list, then take what follows the last space
  // or colon.
  const auto arguments = text.find('(');
  if (arguments != std::string_view::npos) text = text.substr(0, arguments);
  int depth = 0;
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    depth += c == '>' ? 1 : c == '<' ? -1 : 0;
    if (depth == 0 && (c == ' ' || c == ':' || c == '*' || c == '&')) {
      text = text.substr(i);
      break;
    }
  }
  return text;
}

void refuse_captured_closure(const rt::promise_base& promise) {
  if (promise.first_argument_is_closure() && is_lambda(promise.where().function_name())) {
    throw TypeError(
        "pass the lambda, not its call: this coroutine refers to captures that die with the lambda; "
        "create_task(lambda, args...) keeps it");
  }
}

void warn_never_awaited(const rt::promise_base& promise) noexcept {
  const std::source_location where = promise.where();
  std::fprintf(stderr, "%s:%u: RuntimeWarning: coroutine '%s' was never awaited\n", where.file_name(),
               static_cast<unsigned>(where.line()), coroutine_name(where).c_str());
}

std::string address_text(const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx",
                static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(address)));
  return text;
}

}  // namespace hocket
