#include <hocket/stream/byte_buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "support/chance.hpp"

namespace hocket::stream {
namespace {

TEST(byte_buffer, behaves_as_a_string_that_is_cut_at_the_front) {
  std::mt19937_64 chance(support::test_seed());
  byte_buffer buffer;
  std::string expected;
  char next = 'a';
  for (int step = 0; step < 20000; ++step) {
    const std::size_t n = chance() % (step % 100 == 0 ? 20000 : 600);
    const std::string piece(n, next);
    next = next == 'z' ? 'a' : static_cast<char>(next + 1);
    switch (chance() % 5) {
      case 0:
        buffer.append(piece);
        expected += piece;
        break;
      case 1: {
        const auto room = buffer.prepare(n);
        ASSERT_GE(room.size(), n);
        std::memcpy(room.data(), piece.data(), n);
        buffer.commit(n);
        expected += piece;
        break;
      }
      case 2: {
        const std::size_t taken = std::min(n, expected.size());
        buffer.consume(taken);
        expected.erase(0, taken);
        break;
      }
      case 3:
        ASSERT_EQ(expected.substr(0, n), buffer.take(n));
        expected.erase(0, std::min(n, expected.size()));
        break;
      default:
        buffer.shrink(4096);
    }
    ASSERT_EQ(expected, buffer.view());
    ASSERT_EQ(expected.empty(), buffer.empty());
  }
}

TEST(byte_buffer, shrink_gives_memory_back_only_when_empty) {
  byte_buffer buffer;
  buffer.append(std::string(1 << 20, 'x'));
  buffer.shrink(4096);
  EXPECT_EQ(std::size_t{1} << 20, buffer.size());
  buffer.consume(1 << 20);
  buffer.shrink(4096);
  EXPECT_LE(buffer.prepare(1).size(), std::size_t{4096});
}

}  // namespace
}  // namespace hocket::stream
