// print, str and repr against what CPython prints.
#include <hocket/loop/print.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct point {
  int x, y;
  friend std::ostream& operator<<(std::ostream& out, const point& p) { return out << '<' << p.x << ' ' << p.y << '>'; }
};

using hocket::repr;
using hocket::str;

TEST(print, writes_floats_as_python_does) {
  EXPECT_EQ(str(1.0), "1.0");
  EXPECT_EQ(str(0.0), "0.0");
  EXPECT_EQ(str(-0.0), "-0.0");
  EXPECT_EQ(str(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(str(1e15), "1000000000000000.0");
  EXPECT_EQ(str(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(str(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(str(1e16), "1e+16");
  EXPECT_EQ(str(1e22), "1e+22");
  EXPECT_EQ(str(1.5e300), "1.5e+300");
  EXPECT_EQ(str(0.0001), "0.0001");
  EXPECT_EQ(str(0.00001), "1e-05");
  EXPECT_EQ(str(0.00012345), "0.00012345");
  EXPECT_EQ(str(-2.5), "-2.5");
  EXPECT_EQ(str(100.25), "100.25");
  EXPECT_EQ(str(5e-324), "5e-324");
  EXPECT_EQ(str(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(str(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(str(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(str(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(str(0.1f), "0.1");
}

TEST(print, writes_scalars_as_python_does) {
  EXPECT_EQ(str(true), "True");
  EXPECT_EQ(str(false), "False");
  EXPECT_EQ(str(42), "42");
  EXPECT_EQ(str(std::numeric_limits<long long>::min()), "-9223372036854775808");
  EXPECT_EQ(str(std::numeric_limits<unsigned long>::max()), "18446744073709551615");
  EXPECT_EQ(str(std::uint8_t{7}), "7");
  EXPECT_EQ(str('x'), "x");
  EXPECT_EQ(repr('x'), "'x'");
  EXPECT_EQ(str(nullptr), "None");
  EXPECT_EQ(str(std::nullopt), "None");
  EXPECT_EQ(str(std::monostate()), "None");
  EXPECT_EQ(str(static_cast<const char*>(nullptr)), "None");
  EXPECT_EQ(str(std::optional<int>()), "None");
  EXPECT_EQ(str(std::optional<std::string>("a")), "a");
  EXPECT_EQ((str(std::variant<int, std::string>("a"))), "a");
  EXPECT_EQ(str(std::runtime_error("broken")), "broken");
  EXPECT_EQ(str(point{1, 2}), "<1 2>");
}

TEST(print, quotes_strings_inside_containers_only) {
  EXPECT_EQ(str(std::string("it's")), "it's");
  EXPECT_EQ(repr("plain"), "'plain'");
  EXPECT_EQ(repr("it's"), "\"it's\"");
  EXPECT_EQ(repr("both ' and \""), "'both \\' and \"'");
  EXPECT_EQ(repr("a\n\t\r\\\x01\x7f"), "'a\\n\\t\\r\\\\\\x01\\x7f'");
  EXPECT_EQ(repr("\xc3\xa9"), "'\xc3\xa9'");
  EXPECT_EQ(repr("\xff"), "'\\xff'");
  EXPECT_EQ(str(std::vector<std::string>{"a", "b"}), "['a', 'b']");
}

TEST(print, writes_containers_as_python_does) {
  EXPECT_EQ(str(std::vector<int>()), "[]");
  EXPECT_EQ(str(std::vector<int>{1, 2}), "[1, 2]");
  EXPECT_EQ(str(std::vector<bool>{true, false}), "[True, False]");
  EXPECT_EQ(str(std::list<double>{1, 0.5}), "[1.0, 0.5]");
  EXPECT_EQ(str(std::array<int, 2>{3, 4}), "[3, 4]");
  EXPECT_EQ(str(std::tuple()), "()");
  EXPECT_EQ(str(std::tuple(1)), "(1,)");
  EXPECT_EQ(str(std::tuple(1, "b", 2.0)), "(1, 'b', 2.0)");
  EXPECT_EQ(str(std::pair(1, 'c')), "(1, 'c')");
  EXPECT_EQ(str(std::set<int>()), "set()");
  EXPECT_EQ(str(std::set<int>{2, 1}), "{1, 2}");
  EXPECT_EQ((str(std::map<std::string, int>{{"a", 1}, {"b", 2}})), "{'a': 1, 'b': 2}");
  EXPECT_EQ((str(std::unordered_map<int, int>())), "{}");
  EXPECT_EQ(str(std::vector<std::tuple<int, std::vector<std::optional<int>>>>{{1, {2, std::nullopt}}}),
            "[(1, [2, None])]");
  EXPECT_EQ(str(std::vector<point>{{1, 2}}), "[<1 2>]");
}

TEST(print, puts_spaces_between_and_a_newline_behind) {
  testing::internal::CaptureStdout();
  hocket::print("a", 1, 2.5, true, std::nullopt);
  hocket::print();
  hocket::print({.sep = ", ", .end = "!"}, 1, 2);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a 1 2.5 True None\n\n1, 2!");
}

TEST(print, keeps_its_order_with_cout_and_printf) {
  testing::internal::CaptureStdout();
  hocket::print("one");
  std::cout << "two\n";
  std::printf("three\n");
  hocket::print("four");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "one\ntwo\nthree\nfour\n");
}

TEST(print, lines_of_several_threads_never_mix) {
  constexpr int threads = 4, lines = 500;
  testing::internal::CaptureStdout();
  std::vector<std::thread> crowd;
  for (int t = 0; t < threads; ++t) {
    crowd.emplace_back([t] {
      for (int i = 0; i < lines; ++i) hocket::print("thread", t, "line", i, "end");
    });
  }
  for (auto& thread : crowd) thread.join();
  std::istringstream seen(testing::internal::GetCapturedStdout());
  std::array<int, threads> next{};
  std::string line;
  while (std::getline(seen, line)) {
    int t = -1, i = -1;
    ASSERT_EQ(std::sscanf(line.c_str(), "thread %d line %d end", &t, &i), 2) << line;
    ASSERT_EQ(line, hocket::str("thread " + std::to_string(t) + " line " + std::to_string(i) + " end"));
    ASSERT_EQ(next[static_cast<std::size_t>(t)]++, i);
  }
  for (const int count : next) EXPECT_EQ(count, lines);
}

}  // namespace
