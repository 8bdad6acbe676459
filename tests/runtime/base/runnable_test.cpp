#include <gtest/gtest.h>
#include <hocket/rt/base/runnable.hpp>

#include <utility>
#include <vector>

namespace hocket::rt {
namespace {

struct step : runnable {
  explicit step(int n, std::vector<int>* log = nullptr) : number(n), log_(log) {}
  void run() noexcept override {
    if (log_) log_->push_back(number);
  }
  int number;
  std::vector<int>* log_;
};

std::vector<int> drain(runnable_list& list) {
  std::vector<int> out;
  while (runnable* r = list.pop_front()) out.push_back(static_cast<step&>(*r).number);
  return out;
}

TEST(runnable, runs_as_often_as_it_is_told) {
  std::vector<int> log;
  step s(7, &log);
  runnable& r = s;
  r.run();
  r.run();
  EXPECT_EQ(log, (std::vector{7, 7}));
}

TEST(runnable_list, is_first_in_first_out) {
  step a(1), b(2), c(3);
  runnable_list list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.pop_front(), nullptr);
  for (step* s : {&a, &b, &c}) list.push_back(*s);
  EXPECT_EQ(list.size(), 3u);
  EXPECT_EQ(list.front(), &a);
  EXPECT_EQ(drain(list), (std::vector{1, 2, 3}));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(a.next, nullptr);
}

TEST(runnable_list, push_front_goes_before_all) {
  step a(1), b(2), c(3);
  runnable_list list;
  list.push_front(b);
  list.push_back(c);
  list.push_front(a);
  EXPECT_EQ(drain(list), (std::vector{1, 2, 3}));
}

TEST(runnable_list, append_moves_all_and_leaves_nothing) {
  step a(1), b(2), c(3), d(4);
  runnable_list first, second, none;
  first.push_back(a);
  first.push_back(b);
  second.push_back(c);
  first.append(std::move(second));
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(second.size(), 0u);
  first.append(std::move(none));
  first.push_back(d);
  EXPECT_EQ(first.size(), 4u);
  none.append(std::move(first));
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(drain(none), (std::vector{1, 2, 3, 4}));
}

TEST(runnable_list, a_moved_from_list_is_empty_and_usable) {
  step a(1), b(2);
  runnable_list from;
  from.push_back(a);
  runnable_list to(std::move(from));
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(from.size(), 0u);
  from.push_back(b);
  EXPECT_EQ(drain(from), (std::vector{2}));
  EXPECT_EQ(drain(to), (std::vector{1}));
}

}  // namespace
}  // namespace hocket::rt
