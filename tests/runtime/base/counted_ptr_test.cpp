#include <gtest/gtest.h>
#include <hocket/rt/base/counted_ptr.hpp>

#include <utility>

namespace hocket::rt {
namespace {

struct counted {
  int refs = 0;
  void add_ref() noexcept { ++refs; }
  void release_ref() noexcept { --refs; }
};
struct derived : counted {};

using ptr = counted_ptr<counted>;

TEST(counted_ptr, counts_its_copies) {
  counted object;
  {
    const ptr a(&object);
    EXPECT_EQ(object.refs, 1);
    {
      const ptr b = a;
      EXPECT_EQ(object.refs, 2);
      EXPECT_TRUE(a == b);
    }
    EXPECT_EQ(object.refs, 1);
  }
  EXPECT_EQ(object.refs, 0);
}

TEST(counted_ptr, a_move_counts_nothing) {
  counted object;
  ptr a(&object);
  ptr b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(object.refs, 1);
  a = std::move(b);
  EXPECT_EQ(object.refs, 1);
  EXPECT_EQ(a.get(), &object);
}

TEST(counted_ptr, assignment_lets_go_of_what_was_there) {
  counted first, second;
  ptr a(&first);
  a = ptr(&second);
  EXPECT_EQ(first.refs, 0);
  EXPECT_EQ(second.refs, 1);
  const ptr& same = a;
  a = same;
  EXPECT_EQ(second.refs, 1);
  a = nullptr;
  EXPECT_EQ(second.refs, 0);
}

TEST(counted_ptr, adopts_and_detaches_a_reference) {
  counted object;
  object.add_ref();
  ptr a = ptr::adopt(&object);
  EXPECT_EQ(object.refs, 1);
  EXPECT_EQ(a.detach(), &object);
  EXPECT_FALSE(a);
  EXPECT_EQ(object.refs, 1);
}

TEST(counted_ptr, a_pointer_to_the_derived_becomes_one_to_the_base) {
  derived object;
  counted_ptr<derived> d(&object);
  const ptr copy = d;
  EXPECT_EQ(object.refs, 2);
  const ptr moved = std::move(d);
  EXPECT_EQ(object.refs, 2);
  EXPECT_FALSE(d);
}

TEST(counted_ptr, null_is_harmless) {
  ptr a, b(nullptr);
  EXPECT_FALSE(a);
  EXPECT_TRUE(a == b);
  a = b;
  b = std::move(a);
}

}  // namespace
}  // namespace hocket::rt
