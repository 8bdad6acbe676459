#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <hocket/rt/base/fd.hpp>

#include <type_traits>
#include <utility>

namespace hocket::rt {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(unique_fd, has_one_owner) {
  static_assert(!std::is_copy_constructible_v<unique_fd> && !std::is_copy_assignable_v<unique_fd>);
}

TEST(unique_fd, closes_at_its_end) {
  const int fd = open_null();
  {
    const unique_fd owner(fd);
    EXPECT_TRUE(owner);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(unique_fd, empty_owns_nothing) {
  unique_fd none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
  none.reset();
  EXPECT_EQ(none.release(), -1);
}

TEST(unique_fd, a_move_takes_the_descriptor_along) {
  const int fd = open_null();
  unique_fd a(fd);
  unique_fd b(std::move(a));
  EXPECT_FALSE(a);
  EXPECT_EQ(b.get(), fd);
  a = std::move(b);
  EXPECT_EQ(a.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(unique_fd, assignment_closes_what_was_there) {
  const int first = open_null(), second = open_null();
  unique_fd a(first);
  a = unique_fd(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(a.get(), second);
}

TEST(unique_fd, assignment_to_itself_keeps_it) {
  unique_fd a(open_null());
  unique_fd& same = a;
  a = std::move(same);
  EXPECT_TRUE(is_open(a.get()));
}

TEST(unique_fd, release_gives_it_away_open) {
  unique_fd a(open_null());
  const int fd = a.release();
  a.reset();
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(unique_fd, reset_closes_once) {
  unique_fd a(open_null());
  const int fd = a.get();
  a.reset();
  EXPECT_FALSE(is_open(fd));
  a.reset();
  EXPECT_FALSE(a);
}

}  // namespace
}  // namespace hocket::rt
