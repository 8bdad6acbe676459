#include <hocket/net/address.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hocket::net {
namespace {

std::string round_trip(std::string_view text) {
  const auto a = address::parse(text, 80);
  return a ? a->host() : "none";
}

TEST(address, literals_come_back_in_canonical_form) {
  EXPECT_EQ("127.0.0.1", round_trip("127.0.0.1"));
  EXPECT_EQ("::1", round_trip("::1"));
  EXPECT_EQ("::", round_trip("0:0:0:0:0:0:0:0"));
  EXPECT_EQ("2001:db8::ff", round_trip("2001:0DB8::00FF"));
  EXPECT_EQ("::ffff:1.2.3.4", round_trip("::ffff:1.2.3.4"));
}

TEST(address, what_is_no_literal_is_refused) {
  using namespace std::string_view_literals;
  for (std::string_view text : {""sv, "localhost"sv, "127.1"sv, "1.2.3"sv, "256.0.0.1"sv, "1.2.3.4.5"sv, "::1::"sv,
                                ":1"sv, "12345::"sv, "127.0.0.1\0"sv, "::1\0x"sv, " 127.0.0.1"sv, "127.0.0.1%1"sv,
                                "[::1]"sv, "fe80::1%"sv, "fe80::1%no-such-interface"sv, "fe80::1%99999999999"sv}) {
    EXPECT_EQ("none", round_trip(text)) << text;
  }
}

TEST(address, a_scope_is_a_number_or_an_interface) {
  EXPECT_EQ(7u, address::parse("fe80::1%7", 1)->scope_id());
  const auto by_name = address::parse("fe80::1%lo", 1);
  if (!by_name) GTEST_SKIP() << "no interface lo";
  EXPECT_NE(0u, by_name->scope_id());
  EXPECT_EQ("fe80::1", by_name->host());
}

TEST(address, prints_as_pythons_tuples) {
  EXPECT_EQ("('127.0.0.1', 8080)", address::parse("127.0.0.1", 8080)->str());
  EXPECT_EQ("('::1', 80, 0, 0)", address::parse("::1", 80)->str());
  EXPECT_EQ("('fe80::1', 80, 0, 3)", address::parse("fe80::1%3", 80)->str());
  EXPECT_EQ("None", address().str());
}

TEST(address, comes_back_from_what_the_kernel_gives) {
  const auto a = *address::parse("fe80::1%3", 65535);
  EXPECT_EQ(a, address::from(a.data(), a.size()));
  EXPECT_EQ(65535, a.port());
  EXPECT_FALSE(address::from(a.data(), a.size() - 1));
  EXPECT_NE(a, *address::parse("fe80::1%4", 65535));
  EXPECT_NE(a, *address::parse("fe80::1%3", 1));
}

}  // namespace
}  // namespace hocket::net
