#include <hocket/loop/exceptions.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace hocket {
namespace {

struct name_and_text {
  std::string name, text;
};

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : name;
}

name_and_text look_into(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const Exception& x) {
    return {x.name(), x.what()};
  } catch (const BaseException& x) {
    return {x.name(), x.what()};
  } catch (const std::exception& x) {
    return {demangled(typeid(x).name()), x.what()};
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return {type ? demangled(type->name()) : "unknown exception", ""};
  }
}

template <class E>
bool is(const std::exception_ptr& e) noexcept {
  if (!e) return false;
  try {
    std::rethrow_exception(e);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

std::string count_of(std::size_t n) {
  return " (" + std::to_string(n) + (n == 1 ? " sub-exception)" : " sub-exceptions)");
}

}  // namespace

ExceptionGroup::ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions)
    : Exception(message + count_of(exceptions.size())), bare_(message), exceptions_(std::move(exceptions)) {}

std::string describe(const std::exception_ptr& e) {
  const auto [name, text] = look_into(e);
  return text.empty() ? name : name + ": " + text;
}

std::string represent(const std::exception_ptr& e) {
  const auto [name, text] = look_into(e);
  return text.empty() ? name + "()" : name + "('" + text + "')";
}

bool is_cancelled_error(const std::exception_ptr& e) noexcept { return is<CancelledError>(e); }

bool is_exit_request(const std::exception_ptr& e) noexcept { return is<KeyboardInterrupt>(e) || is<SystemExit>(e); }

}  // namespace hocket
