#include <gtest/gtest.h>
#include <hocket/rt/base/list.hpp>
#include <hocket/rt/base/random.hpp>

#include <algorithm>
#include <deque>
#include <vector>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

struct item : list_node<item> {
  explicit item(int n) : number(n) {}
  int number;
};

std::vector<int> numbers(const counted_list<item>& list) {
  std::vector<int> out;
  for (const item* i = list.front(); i; i = list.next(*i)) out.push_back(i->number);
  return out;
}

TEST(intrusive_list, begins_empty) {
  counted_list<item> list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(intrusive_list, keeps_the_order_of_both_ends) {
  item a(1), b(2), c(3);
  counted_list<item> list;
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  EXPECT_EQ(numbers(list), (std::vector{1, 2, 3}));
  EXPECT_EQ(list.size(), 3u);
  while (list.pop_front()) {
  }
}

TEST(intrusive_list, a_node_leaves_from_anywhere) {
  item a(1), b(2), c(3);
  counted_list<item> list;
  for (item* i : {&a, &b, &c}) list.push_back(*i);
  list.erase(b);
  EXPECT_FALSE(b.is_linked());
  EXPECT_EQ(numbers(list), (std::vector{1, 3}));
  list.erase(c);
  EXPECT_EQ(numbers(list), (std::vector{1}));
  list.erase(a);
  EXPECT_TRUE(list.empty());
  list.push_back(b);  // a node that left may come back
  EXPECT_EQ(numbers(list), (std::vector{2}));
  EXPECT_EQ(list.pop_front(), &b);
  EXPECT_FALSE(b.is_linked());
}

TEST(intrusive_list, does_what_a_deque_does) {
  random_source chance(support::test_seed());
  std::deque<item> items;
  for (int i = 0; i < 20; ++i) items.emplace_back(i);
  counted_list<item> list;
  std::deque<int> model;
  for (int step = 0; step < 20'000; ++step) {
    item& one = items[chance.below(20)];
    if (!one.is_linked()) {
      if (chance.below(2)) {
        list.push_back(one);
        model.push_back(one.number);
      } else {
        list.push_front(one);
        model.push_front(one.number);
      }
    } else if (chance.below(2)) {
      list.erase(one);
      model.erase(std::find(model.begin(), model.end(), one.number));
    } else {
      const item* first = list.pop_front();
      ASSERT_NE(first, nullptr);
      ASSERT_EQ(first->number, model.front());
      model.pop_front();
    }
    ASSERT_EQ(list.size(), model.size());
    ASSERT_EQ(numbers(list), std::vector<int>(model.begin(), model.end()));
  }
  while (list.pop_front()) {
  }
}

}  // namespace
}  // namespace hocket::rt
