#include "hocket/url.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using hocket::tools::parse_url;

TEST(url, takes_names_addresses_ports_and_paths) {
  const auto plain = parse_url("http://localhost");
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.target, "/");
  EXPECT_EQ(plain.authority(), "localhost");

  const auto full = parse_url("http://127.0.0.1:8080/fib?n=20&x=%20#top");
  EXPECT_EQ(full.host, "127.0.0.1");
  EXPECT_EQ(full.port, 8080);
  EXPECT_EQ(full.target, "/fib?n=20&x=%20");
  EXPECT_EQ(full.authority(), "127.0.0.1:8080");

  const auto six = parse_url("http://[::1]:8080/");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.authority(), "[::1]:8080");
  EXPECT_EQ(parse_url("http://[::1]").port, 80);
  EXPECT_EQ(parse_url("http://h?x=1").target, "/?x=1");
}

TEST(url, says_what_is_wrong) {
  for (const char* bad : {"", "localhost:8080", "https://h/", "ftp://h/", "http://", "http:///x", "http://:80/",
                          "http://h:/", "http://h:0/", "http://h:65536/", "http://h:8o/", "http://::1/", "http://[::1",
                          "http://[::1]x/", "http://u@h/", "http://h/a b", "http://h/\r\nX: y", "http://h/\xc3\xa4"}) {
    try {
      parse_url(bad);
      ADD_FAILURE() << "accepted: " << bad;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find("bad URL '" + std::string(bad) + "': "), std::string::npos) << e.what();
    }
  }
}
