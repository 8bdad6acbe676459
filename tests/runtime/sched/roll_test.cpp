// A process that is stuck can say what its schedulers do: what a test prints at its deadline.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <hocket/rt/sched/roll.hpp>

#include <string>

#include "probe.hpp"

namespace hocket::rt::test {
namespace {

std::string dump_of_all() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  dump_schedulers(out);
  std::fclose(out);
  std::string result(text, size);
  ::free(text);
  return result;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(roll, holds_every_scheduler_while_it_lives) {
  EXPECT_EQ(dump_of_all(), "");
  scheduler first(with_workers(2));
  const auto alone = count(dump_of_all(), "runs ");
  EXPECT_GE(alone, 2u);
  {
    scheduler second(with_workers(2));
    EXPECT_EQ(count(dump_of_all(), "runs "), 2 * alone);
  }
  EXPECT_EQ(count(dump_of_all(), "runs "), alone);
}

using roll_death_test = ::testing::Test;

TEST(roll_death_test, a_scheduler_that_does_not_end_is_still_on_it) {
  EXPECT_DEATH(
      {
        scheduler sched(with_workers(1));
        gate begun;
        job endless([&] {
          begun.open();
          for (;;) spin_pause();
        });
        sched.post(endless);
        begun.wait();
        dump_schedulers(stderr);
        std::abort();
      },
      "runs 1");
}

}  // namespace
}  // namespace hocket::rt::test
