#include <gtest/gtest.h>

#include <algorithm>
#include <hocket/http/characters.hpp>
#include <random>
#include <string>

using namespace hocket::http;

namespace {

std::size_t first_control_plainly(std::string_view text) {
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_control) - text.begin());
}

}  // namespace

TEST(http_characters, control_characters_are_those_of_ascii) {
  for (int c = 0; c < 256; ++c) EXPECT_EQ(is_control(static_cast<char>(c)), c < 0x20 || c == 0x7f) << c;
}

// Whatever stands around it, and wherever the text begins and ends within a vector.
TEST(http_characters, the_first_control_character_is_found_at_every_place_of_every_size) {
  for (const char clean : {' ', 'a', '~', '\x80', '\xff'}) {
    for (std::size_t size = 0; size <= 50; ++size) {
      const std::string text(size, clean);
      EXPECT_EQ(first_control(text), size);
      for (std::size_t at = 0; at < size; ++at) {
        for (const char control : {'\0', '\t', '\r', '\x1f', '\x7f'}) {
          std::string with = text;
          with[at] = control;
          EXPECT_EQ(first_control(with), at) << size;
          with.back() = '\n';
          EXPECT_EQ(first_control(with), at) << size;
        }
      }
    }
  }
}

TEST(http_characters, the_first_control_character_of_any_bytes_is_found) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 70, '\0');
    for (char& c : text) c = static_cast<char>(random() % 8 == 0 ? random() % 256 : 0x1e + random() % 0x64);
    const std::string_view part = std::string_view(text).substr(random() % (text.size() + 1));
    ASSERT_EQ(first_control(part), first_control_plainly(part));
  }
}

TEST(http_characters, a_set_says_how_much_of_the_front_is_made_of_it) {
  EXPECT_EQ(token_characters.prefix(""), 0u);
  EXPECT_EQ(token_characters.prefix(": x"), 0u);
  EXPECT_EQ(token_characters.prefix("Content-Length: 5"), 14u);
  EXPECT_EQ(token_characters.prefix("all"), 3u);
  EXPECT_FALSE(token_characters.has('\xe4'));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
}

TEST(http_characters, names_are_the_same_in_either_case) {
  EXPECT_TRUE(same_name("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(same_name("Content-Length", "Content-Lengt"));
  EXPECT_FALSE(same_name("a@", "a`"));  // which differ as letters of two cases do
}
