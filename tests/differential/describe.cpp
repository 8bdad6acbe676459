#include "scenario.hpp"

namespace differential {

std::string describe(const std::exception_ptr& error) {
  std::string text = hocket::describe(error);
  text = text.substr(0, text.find(": <"));
  try {
    std::rethrow_exception(error);
  } catch (const asyncio::BaseExceptionGroup& group) {
    text += " [";
    const char* comma = "";
    for (const auto& e : group.exceptions()) text += std::exchange(comma, ", ") + describe(e);
    text += "]";
  } catch (...) {
  }
  return text;
}

}  // namespace differential
