// shield: groups C14, C15 and C29.
#include <memory>

#include "doors.hpp"

using namespace conformance;

namespace {

Coro<int> seven_after(double seconds) {
  co_await asyncio::sleep(seconds);
  co_return 7;
}

Coro<int> fail_after(double seconds) {
  co_await asyncio::sleep(seconds);
  throw asyncio::ValueError("inner");
}

/// Runs `body` in the serial door and gives what it wrote to standard error.
std::string errors_of(claim body) {
  testing::internal::CaptureStderr();
  through_serial_door(body);
  return testing::internal::GetCapturedStderr();
}

std::size_t times(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

IN_BOTH_DOORS(shield, gives_the_inner_result) {
  const int value = co_await asyncio::shield(seven_after(0.1));
  EXPECT_EQ(value, 7);
}

IN_BOTH_DOORS(shield, throws_the_inner_exception) {
  const std::string how = co_await ending(asyncio::shield(fail_after(0.1)));
  EXPECT_EQ(how, "ValueError: inner");
}

IN_BOTH_DOORS(shield, of_something_done_is_done) {
  auto future = new_future<int>();
  future.set_result(3);
  auto outer = asyncio::shield(future);
  EXPECT_TRUE(outer.done());
  EXPECT_EQ(co_await outer, 3);
}

IN_BOTH_DOORS(shield, a_cancelled_outer_leaves_the_inner_alone) {
  auto inner = asyncio::create_task(seven_after(1));
  auto outer = asyncio::create_task([](Task<int> t) -> Coro<int> { co_return co_await asyncio::shield(t); }(inner));
  co_await settle();
  EXPECT_TRUE(outer.cancel());
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_FALSE(inner.done());
  EXPECT_EQ(co_await inner, 7);
  EXPECT_EQ(inner.cancelling(), 0u);
}

IN_BOTH_DOORS(shield, a_cancelled_inner_cancels_the_outer) {
  auto inner = asyncio::create_task(seven_after(1));
  auto outer = asyncio::shield(inner);
  co_await settle();
  inner.cancel();
  EXPECT_EQ(co_await ending(outer), "CancelledError");
  EXPECT_TRUE(outer.cancelled());
}

IN_BOTH_DOORS(shield, survives_the_timeout_of_who_waits_and_may_be_awaited_later) {
  auto inner = asyncio::create_task(seven_after(1));
  EXPECT_EQ(co_await ending(asyncio::wait_for(asyncio::shield(inner), 0.1)), "TimeoutError");
  EXPECT_FALSE(inner.done());
  EXPECT_EQ(co_await asyncio::wait_for(inner, std::nullopt), 7);
}

IN_BOTH_DOORS(shield, a_value_that_only_moves_passes) {
  auto make = []() -> Coro<std::unique_ptr<int>> {
    co_await asyncio::sleep(0.1);
    co_return std::make_unique<int>(5);
  };
  const std::unique_ptr<int> value = co_await asyncio::shield(make());
  EXPECT_TRUE(value && *value == 5);
}

namespace {

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(throws_when_copied&&) = default;
  throws_when_copied(const throws_when_copied&) { throw asyncio::ValueError("copy"); }
  throws_when_copied& operator=(const throws_when_copied&) = delete;
};

}  // namespace

IN_BOTH_DOORS(shield, a_value_whose_copy_throws_is_a_failure) {
  auto inner = new_future<throws_when_copied>();
  auto outer = asyncio::shield(inner);
  inner.set_result(throws_when_copied());
  EXPECT_EQ(co_await ending(outer), "ValueError: copy");
  EXPECT_EQ(co_await ending(asyncio::shield(inner)), "ValueError: copy");
}

TEST(shield, ends_though_its_loop_is_closed) {
  const asyncio::EventLoop other = asyncio::new_event_loop();
  auto inner = other.create_future<int>();
  Future<int> outer;
  asyncio::run([](Future<int> f, Future<int>& out) -> Coro<> {
    out = asyncio::shield(f);
    co_return;
  }(inner, outer));
  inner.set_result(1);
  EXPECT_TRUE(outer.done());
  EXPECT_EQ(outer.result(), 1);
}

IN_BOTH_DOORS(shield, an_inner_that_never_ends_leaves_nothing_behind) {
  auto inner = new_future<int>();
  auto outer = asyncio::shield(inner);
  outer.cancel();
  EXPECT_EQ(co_await ending(outer), "CancelledError");
}

static Coro<> abandoned_twice() {
  auto inner = new_future<int>();
  for (int i = 0; i < 2; ++i) {
    auto outer = asyncio::shield(inner);
    co_await asyncio::sleep(0);
    outer.cancel();
    co_await asyncio::sleep(0);
  }
  inner.set_exception(asyncio::ValueError("lost"));
  co_await settle();
}
TEST(shield, the_exception_of_an_abandoned_inner_is_reported_once) {
  const std::string text = errors_of(&abandoned_twice);
  EXPECT_EQ(times(text, "ValueError exception in shielded future"), 1u) << text;
  EXPECT_EQ(times(text, "ValueError: lost"), 1u) << text;
  EXPECT_EQ(times(text, "never retrieved"), 0u) << text;
}

static Coro<> abandoned_and_awaited() {
  auto inner = asyncio::create_task(fail_after(0.1));
  auto outer = asyncio::shield(inner);
  outer.cancel();
  EXPECT_EQ(co_await ending(inner), "ValueError: inner");
  co_await settle();
}
TEST(shield, an_abandoned_inner_that_another_awaits_is_reported_all_the_same) {
  const std::string text = errors_of(&abandoned_and_awaited);
  EXPECT_EQ(times(text, "ValueError exception in shielded future"), 1u) << text;
}

static Coro<> abandoned_and_fine() {
  auto inner = asyncio::create_task(seven_after(0.1));
  asyncio::shield(inner).cancel();
  auto cancelled = asyncio::create_task(seven_after(1));
  asyncio::shield(cancelled).cancel();
  co_await settle();
  cancelled.cancel();
  EXPECT_EQ(co_await inner, 7);
  co_await settle();
}
TEST(shield, an_abandoned_inner_that_ends_well_or_cancelled_is_not_reported) {
  EXPECT_EQ(errors_of(&abandoned_and_fine), "");
}

// The outer is cancelled while the inner ends on another worker: one of the two ends holds, and nothing is touched
// afterwards.
static Coro<> cancel_against_end() {
  for (int i = 0; i < 300; ++i) {
    auto inner = new_future<int>();
    auto outer = asyncio::shield(inner);
    auto setter = asyncio::create_task([](Future<int> f) -> Coro<> {
      f.set_result(1);
      co_return;
    }(inner));
    const bool accepted = outer.cancel();
    const std::string how = co_await ending(outer);
    EXPECT_EQ(how, accepted ? "CancelledError" : "returned");
    co_await setter;
  }
}
TEST(shield, a_cancel_and_the_end_at_once_have_one_outcome) {
  for (const unsigned workers : hocket::support::test_workers()) {
    asyncio::run_parallel(cancel_against_end(), {.workers = workers});
  }
}
