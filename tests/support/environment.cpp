#include "support/environment.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace hocket::support {
namespace {

[[noreturn]] void refuse(const char* name, const char* value, const std::string& expected) {
  std::fprintf(stderr, "hocket: tests: %s=\"%s\" is not accepted: expected %s\n", name, value, expected.c_str());
  std::exit(2);
}

std::optional<std::uint64_t> parse(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> number_from_environment(const char* name, std::uint64_t least, std::uint64_t most) {
  const char* text = std::getenv(name);
  if (!text) return std::nullopt;
  const auto value = parse(text, least, most);
  if (!value) refuse(name, text, "a number " + std::to_string(least) + ".." + std::to_string(most));
  return value;
}

const std::vector<unsigned>& test_workers() {
  static const std::vector<unsigned> counts = [] {
    constexpr const char* name = "HOCKET_TEST_WORKERS";
    constexpr std::uint64_t most = 1024;
    const char* text = std::getenv(name);
    if (!text) return std::vector<unsigned>{1, 2, 3, 4, 8};
    std::vector<unsigned> list;
    for (std::string_view rest = text;;) {
      const auto comma = rest.find(',');
      const auto value = parse(rest.substr(0, comma), 1, most);
      if (!value) refuse(name, text, "numbers 1..1024 with commas between, such as 1,4");
      list.push_back(static_cast<unsigned>(*value));
      if (comma == rest.npos) return list;
      rest.remove_prefix(comma + 1);
    }
  }();
  return counts;
}

}  // namespace hocket::support
