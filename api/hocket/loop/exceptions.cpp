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

name_and_text look_into(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const Exception& x) {
    return {x.name(), x.what()};
  } catch (const BaseException& x) {
    return {x.name(), x.what()};
  } catch (const std::exception& x) {
    return {demangled_name(typeid(x)), x.what()};
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return {type ? demangled_name(*type) : "unknown exception", ""};
  }
}

}  // namespace

std::string demangled_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : type.name();
}

std::string describe(const std::exception_ptr& e) {
  const auto [name, text] = look_into(e);
  return text.empty() ? name : name + ": " + text;
}

std::string represent(const std::exception_ptr& e) {
  const auto [name, text] = look_into(e);
  return text.empty() ? name + "()" : name + "('" + text + "')";
}

error_kind kind_of(const std::exception_ptr& e) noexcept {
  if (!e) return error_kind::ordinary;
  try {
    std::rethrow_exception(e);
  } catch (const CancelledError&) {
    return error_kind::cancelled;
  } catch (const KeyboardInterrupt&) {
    return error_kind::exit_request;
  } catch (const SystemExit&) {
    return error_kind::exit_request;
  } catch (...) {
    return error_kind::ordinary;
  }
}

}  // namespace hocket
