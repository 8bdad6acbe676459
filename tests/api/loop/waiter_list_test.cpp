// The list of waiters of one future, on one thread: who stands in it, and in which order they come out.
#include <gtest/gtest.h>
#include <hocket/loop/waiter_list.hpp>

#include <array>
#include <mutex>
#include <string>

namespace hocket {
namespace {

struct named : waiter_node {
  char name = 0;
};

class waiter_list : public testing::Test {
 protected:
  waiter_list() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].name = static_cast<char>('a' + i);
  }

  named& node(char name) { return nodes_[static_cast<std::size_t>(name - 'a')]; }
  void add(const std::string& names) {
    for (const char c : names) EXPECT_TRUE(list_.add(node(c), mutex_));
  }
  bool remove(char name) { return list_.remove(node(name), mutex_); }
  std::string take(const std::string& wanted) {
    return names_of(list_.take_if(
        [&](const waiter_node& n) { return wanted.find(static_cast<const named&>(n).name) != std::string::npos; },
        mutex_));
  }
  std::string close() { return names_of(list_.close(mutex_)); }

  basic_waiter_list<std::mutex> list_;
  std::mutex mutex_;

 private:
  static std::string names_of(waiter_node* first) {
    std::string names;
    for (; first; first = first->take_next()) names += static_cast<named*>(first)->name;
    return names;
  }

  std::array<named, 5> nodes_;
};

TEST_F(waiter_list, gives_them_in_the_order_in_which_they_came) {
  add("dacbe");
  EXPECT_EQ(close(), "dacbe");
}

TEST_F(waiter_list, gives_the_only_one) {
  add("a");
  EXPECT_EQ(close(), "a");
}

TEST_F(waiter_list, takes_nobody_in_and_gives_nobody_out_once_it_is_closed) {
  EXPECT_EQ(close(), "");
  EXPECT_FALSE(list_.add(node('a'), mutex_));
  EXPECT_FALSE(remove('a'));
  EXPECT_EQ(take("abcde"), "");
  EXPECT_EQ(close(), "");
}

TEST_F(waiter_list, lets_any_of_them_go) {
  for (const char gone : {'a', 'b', 'c'}) {
    add("abc");
    EXPECT_TRUE(remove(gone));
    EXPECT_FALSE(remove(gone));
    std::string left = "abc";
    left.erase(left.find(gone), 1);
    EXPECT_EQ(take("abc"), left);
  }
  add("a");
  EXPECT_FALSE(remove('b'));
  EXPECT_TRUE(remove('a'));
  EXPECT_EQ(close(), "");
}

TEST_F(waiter_list, lets_the_last_of_many_go_and_begins_anew) {
  add("ab");
  EXPECT_TRUE(remove('a'));
  EXPECT_TRUE(remove('b'));
  add("ba");
  EXPECT_EQ(close(), "ba");
}

TEST_F(waiter_list, picks_out_those_that_match_in_their_order) {
  add("abcde");
  EXPECT_EQ(take("eca"), "ace");
  EXPECT_EQ(take("ace"), "");
  EXPECT_FALSE(remove('c'));
  add("c");
  EXPECT_EQ(take("d"), "d");
  EXPECT_EQ(close(), "bc");
}

TEST_F(waiter_list, picks_out_one_that_stands_alone) {
  add("a");
  EXPECT_EQ(take("b"), "");
  EXPECT_EQ(take("a"), "a");
  add("a");
  EXPECT_EQ(close(), "a");
}

}  // namespace
}  // namespace hocket
