// An operation whose wake says no more than that another try is worth while: ask_again() of rt/coro/suspend.hpp.
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/rt/coro/task_base.hpp>
#include <string>
#include <utility>

#include "support/environment.hpp"

namespace hocket {
namespace {

/// Waits until it was tried `needed` times; nudge() makes it try.
class tries final : public rt::leaf_awaiter {
 public:
  explicit tries(int needed) noexcept : needed_(needed) {}

  bool commit(rt::task_base& self) noexcept override {
    if (cancelled_ || ++tried == needed_) return false;
    self.ask_again();
    waiting_ = &self;
    return true;
  }
  bool cancel(rt::task_base& self) noexcept override {
    if (!std::exchange(waiting_, nullptr)) return false;
    cancelled_ = true;
    wake(self);
    return true;
  }
  void await_resume() {
    ++resumed;
    finish_resume();
    if (cancelled_) throw CancelledError();
  }

  void nudge() { wake(*std::exchange(waiting_, nullptr)); }

  int tried = 0;
  int resumed = 0;

 private:
  const int needed_;
  rt::task_base* waiting_ = nullptr;
  bool cancelled_ = false;
};

Coro<> await_it(tries& t) { co_await t; }

TEST(suspend, a_wake_for_nothing_does_not_resume_the_coroutine) {
  const auto body = []() -> Coro<> {
    tries t(3);
    const auto task = create_task(await_it(t));
    co_await sleep(0);
    EXPECT_EQ(1, t.tried);
    t.nudge();
    co_await sleep(0);
    EXPECT_EQ(2, t.tried);
    EXPECT_EQ(0, t.resumed);
    EXPECT_FALSE(task.done());
    t.nudge();
    co_await task;
    EXPECT_EQ(3, t.tried);
    EXPECT_EQ(1, t.resumed);
  };
  run(body());
}

TEST(suspend, a_cancel_between_the_wake_and_the_turn_comes_before_another_try) {
  const auto body = []() -> Coro<> {
    tries t(2);
    const auto task = create_task(await_it(t));
    co_await sleep(0);
    t.nudge();
    task.cancel();
    const auto ended = co_await as_result(task);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(1, t.tried);
    EXPECT_EQ(1, t.resumed);
  };
  run(body());
}

TEST(suspend, a_cancel_of_one_that_asks_again_is_answered_by_the_operation) {
  const auto body = []() -> Coro<> {
    tries t(9);
    const auto task = create_task(await_it(t));
    for (int i = 0; i < 3; ++i) {
      co_await sleep(0);
      t.nudge();
    }
    co_await sleep(0);
    task.cancel();
    const auto ended = co_await as_result(task);
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(4, t.tried);
    EXPECT_EQ(1, t.resumed);
  };
  run(body());
}

}  // namespace
}  // namespace hocket
