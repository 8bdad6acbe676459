// The README's table of environment variables is the rendered one.
#include <gtest/gtest.h>
#include <hocket/rt/base/env.hpp>

#include <fstream>
#include <sstream>

namespace hocket::rt {
namespace {

constexpr std::string_view begin_mark = "<!-- env-table:begin -->\n";
constexpr std::string_view end_mark = "<!-- env-table:end -->";

TEST(readme, holds_the_table_of_environment_variables) {
  std::ifstream file(HOCKET_SOURCE_DIR "/README.md");
  if (!file) GTEST_SKIP() << "no README.md";
  std::ostringstream text;
  text << file.rdbuf();
  const std::string readme = text.str();

  const auto begin = readme.find(begin_mark);
  ASSERT_NE(begin, readme.npos) << "README.md lacks the line " << begin_mark;
  const auto from = begin + begin_mark.size();
  const auto end = readme.find(end_mark, from);
  ASSERT_NE(end, readme.npos) << "README.md lacks the line " << end_mark;

  const auto trimmed = [](std::string_view s) {
    while (!s.empty() && s.front() == '\n') s.remove_prefix(1);
    while (!s.empty() && s.back() == '\n') s.remove_suffix(1);
    return std::string(s);
  };
  EXPECT_EQ(trimmed(std::string_view(readme).substr(from, end - from)), trimmed(env_table_markdown()))
      << "replace what is between the marks by the output of `hocket env --markdown`";
}

}  // namespace
}  // namespace hocket::rt
