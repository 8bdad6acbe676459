// A loop whose last handle is dropped closes itself, whatever it still holds.
#include <gtest/gtest.h>
#include <hocket/hocket.hpp>

#include <memory>

namespace hocket {
namespace {

using token = std::shared_ptr<int>;

Coro<> wait_long([[maybe_unused]] token held) { co_await sleep(3600); }

Coro<> look_at_the_loop([[maybe_unused]] token held) {
  EventLoop seen;
  try {
    co_await sleep(3600);
  } catch (const CancelledError&) {
    seen = get_running_loop();
    throw;
  }
}

TEST(dropped_loop, that_never_ran_ends) { new_event_loop(); }

TEST(dropped_loop, lets_go_of_its_callbacks) {
  const token held = std::make_shared<int>(0);
  {
    const EventLoop loop = new_event_loop();
    loop.call_soon([held] { ++*held; });
    loop.call_later(3600, [held] { ++*held; });
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(dropped_loop, cancels_its_tasks) {
  const token held = std::make_shared<int>(0);
  {
    const EventLoop loop = new_event_loop();
    loop.create_task(wait_long(held));
    loop.run_until_complete([]() -> Coro<> { co_await sleep(0); }());
    loop.create_task(wait_long(held));  // never began
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(dropped_loop, may_be_looked_at_by_a_task_that_it_cancels) {
  const token held = std::make_shared<int>(0);
  {
    const EventLoop loop = new_event_loop();
    loop.create_task(look_at_the_loop(held));
    loop.run_until_complete([]() -> Coro<> { co_await sleep(0); }());
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hocket
