#include <gtest/gtest.h>
#include <hocket/rt/base/random.hpp>

#include <array>
#include <vector>

namespace hocket::rt {
namespace {

TEST(splitmix64, gives_the_published_numbers) {
  std::uint64_t state = 1234567;
  const std::vector<std::uint64_t> expected{6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                            4593380528125082431u, 16408922859458223821u};
  for (const auto number : expected) EXPECT_EQ(splitmix64(state), number);
}

TEST(random_source, replays_from_its_seed) {
  random_source a(42), b(42), c(43);
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const auto number = a.next();
    EXPECT_EQ(number, b.next());
    differs |= number != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(random_source, a_seed_of_zero_is_as_good_as_any) {
  random_source zero(0);
  EXPECT_NE(zero.next(), 0u);
  EXPECT_NE(zero.next(), zero.next());
}

TEST(random_source, below_stays_below) {
  random_source chance(7);
  EXPECT_EQ(chance.below(0), 0u);
  EXPECT_EQ(chance.below(1), 0u);
  for (const std::uint32_t bound : {2u, 3u, 61u, 0xffff'ffffu}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(chance.below(bound), bound);
  }
}

TEST(random_source, below_is_about_uniform) {
  constexpr int faces = 6, throws = 60'000;
  random_source chance(2026);
  std::array<int, faces> seen{};
  for (int i = 0; i < throws; ++i) ++seen[chance.below(faces)];
  for (const int count : seen) EXPECT_NEAR(count, throws / faces, 500);  // more than five standard deviations
}

}  // namespace
}  // namespace hocket::rt
