// A task that cannot be made, because memory is out, leaves nothing behind.
#include <gtest/gtest.h>
#include <hocket/hocket.hpp>

#include <cstdint>
#include <new>

#include "support/allocations.hpp"

namespace hocket {
namespace {

// An exclusive home that counts the tasks that hold it.
class counted_home final : public rt::task_home {
 public:
  explicit counted_home(loop_state& loop) noexcept : task_home(loop.sched(), &loop, rt::turns::exclusive) {}
  void hold() noexcept override { ++held; }
  void let_go() noexcept override { --held; }

  int held = 0;

 private:
  void post(rt::runnable&) noexcept override { ADD_FAILURE() << "nothing is started here"; }
  void arm(rt::timer&, rt::nanos) override { ADD_FAILURE() << "nothing waits here"; }
  bool cancel(rt::timer&) noexcept override { return false; }
  rt::nanos now() const noexcept override { return sched().now(); }
  bool runs_here() const noexcept override { return false; }
};

Coro<> nothing() { co_return; }

// With everything that a task may get from where it is made: context variables, and a scope to belong to.
int make_with_less_and_less_failing() {
  static const ContextVar<int> variable("variable");
  variable.set(1);
  counted_home home(running_loop());
  Coro<>::handle root = nothing().release();
  int failures = 0;
  for (bool made = false; !made; failures += !made) {
    const std::int64_t before = testing_support::own_blocks();
    testing_support::fail_allocation(static_cast<unsigned>(failures) + 1);
    try {
      const auto task = rt::counted_ptr<task_state<void>>::adopt(new task_state<void>(home, root));
      testing_support::fail_allocation(0);
      EXPECT_EQ(home.held, 1);
      made = true;
    } catch (const std::bad_alloc&) {
    }
    EXPECT_EQ(home.held, 0) << "failure " << failures;
    EXPECT_EQ(testing_support::own_blocks(), before) << "failure " << failures;
  }
  root.destroy();
  return failures;
}

TEST(task, that_cannot_be_made_leaves_nothing_behind) {
  if (!testing_support::counts_allocations()) GTEST_SKIP() << "a sanitizer's allocator does not fail";
  const auto body = []() -> Coro<int> { co_return make_with_less_and_less_failing(); };
  const auto main = [&]() -> Coro<int> {
    (void)create_task(nothing());  // the pool of frames has its memory
    const int failures = co_await parallel(body());
    co_return failures;
  };
  // Debug mode would be the first to get no memory, and goes on without its notes.
  EXPECT_GE(run(main(), {.debug = false}), 2);  // its extras, its context
}

}  // namespace
}  // namespace hocket
