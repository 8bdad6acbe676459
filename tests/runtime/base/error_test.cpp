#include <gtest/gtest.h>
#include <hocket/rt/base/error.hpp>

#include <cerrno>
#include <string>
#include <system_error>

namespace hocket::rt {
namespace {

TEST(throw_os_error, carries_the_calls_name_and_the_code) {
  try {
    throw_os_error("accept4", EMFILE);
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code().value(), EMFILE);
    EXPECT_EQ(e.code(), std::errc::too_many_files_open);
    EXPECT_STREQ(e.what(), "accept4: Too many open files");
  }
}

TEST(throw_os_error, takes_errno_by_default) {
  errno = ENOENT;
  try {
    throw_os_error("open");
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code().value(), ENOENT);
  }
}

using fatal_death_test = ::testing::Test;

TEST(fatal_death_test, ends_the_process_with_one_line) {
  EXPECT_DEATH(fatal("park", "token lost (state=%d)", 2), "^hocket: park: token lost \\(state=2\\)\n");
}

TEST(fatal_death_test, cuts_a_line_that_is_too_long) {
  const std::string line(2000, 'x');
  EXPECT_DEATH(fatal("room", "%s", line.c_str()), "^hocket: room: x{511}\n");
}

}  // namespace
}  // namespace hocket::rt
