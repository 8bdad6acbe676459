// What debug mode says of api/examples/misbehaving.cpp stands in api/README.md as it is printed.
#include <gtest/gtest.h>
#include <hocket/rt/base/symbols.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>
#include <string>

namespace {

// Times differ from run to run, folders from machine to machine, and which line is a coroutine's from compiler to
// compiler: its first, or with g++ its last.
std::string normalised(std::string text) {
  text = std::regex_replace(text, std::regex("took [0-9]+\\.[0-9]+ seconds"), "took # seconds");
  text = std::regex_replace(text, std::regex("[^ \"\n]*/misbehaving\\.cpp"), "misbehaving.cpp");
#if !defined(__clang__)
  text = std::regex_replace(text, std::regex("((?:defined|created) at misbehaving\\.cpp:|^misbehaving\\.cpp:)[0-9]+"),
                            "$1#");
#endif
  return text;
}

std::string printed_by(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(::popen(command.c_str(), "r"), &::pclose);
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t n = 0; out && (n = std::fread(part.data(), 1, part.size(), out.get())) > 0;)
    text.append(part.data(), n);
  return text;
}

std::string shown_in_readme() {
  std::ifstream in(HOCKET_SOURCE_DIR "/api/README.md");
  std::stringstream all;
  all << in.rdbuf();
  const std::string text = all.str(), begin = "<!-- misbehaving:begin -->\n```\n",
                    end = "```\n<!-- misbehaving:end -->";
  const auto from = text.find(begin), to = text.find(end, from);
  if (from == text.npos || to == text.npos) return "not there";
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(misbehaving, prints_in_debug_mode_what_the_readme_shows) {
  if (!hocket::rt::symbols_have_lines()) GTEST_SKIP() << "no libbacktrace";
  const std::string program = HOCKET_BINARY_DIR "/examples/misbehaving";
  if (!std::ifstream(program)) GTEST_SKIP() << "the examples are not built";
  EXPECT_EQ(normalised(printed_by("HOCKET_STALL_REPORT=0 " + program + " 2>&1")), normalised(shown_in_readme()));
}

}  // namespace
