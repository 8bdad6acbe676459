// Those who wait for one future: nobody, one, or many; they come, give up and are told, all at once.
#include "doors.hpp"

#include <algorithm>
#include <atomic>

using namespace conformance;

namespace {

struct tally {
  std::atomic<int> told{0};
  std::atomic<int> gave_up{0};
};

Coro<> wait_for_it(Future<int> f, tally& t) {
  try {
    const int value = co_await f;
    EXPECT_EQ(value, 7);
    ++t.told;
  } catch (const CancelledError&) {
    ++t.gave_up;
  }
}

Coro<> cancel(Task<> task) {
  task.cancel();
  co_return;
}

Coro<> complete(Future<int> f) {
  (void)f.try_set_result(7);
  co_return;
}

}  // namespace

// A cancelled wait cancels the future, as in asyncio: so those who may be cancelled stand behind a shield of their own.
IN_BOTH_DOORS(waiters, each_of_many_is_told_or_gave_up) {
  for (int round = 0; round < 100; ++round) {
    const int waiters = round % 4;
    tally t;
    Future<int> f = asyncio::get_running_loop().create_future<int>();
    std::vector<Task<>> all;
    for (int i = 0; i < waiters; ++i) all.push_back(asyncio::create_task(wait_for_it(asyncio::shield(f), t)));
    std::vector<Task<>> others;
    if (waiters > 1) others.push_back(asyncio::create_task(cancel(all[0])));
    others.push_back(asyncio::create_task(complete(f)));
    if (waiters > 2) others.push_back(asyncio::create_task(cancel(all[1])));
    if (!all.empty()) co_await asyncio::wait(all);
    for (auto& each : others) co_await each;
    EXPECT_TRUE(f.done());
    // One that was told may be cancelled in its last step: it ends as cancelled, and counts in both.
    const auto cancelled = std::count_if(all.begin(), all.end(), [](const Task<>& each) { return each.cancelled(); });
    EXPECT_LE(t.told + t.gave_up, waiters);
    EXPECT_GE(t.told + t.gave_up + cancelled, waiters);
  }
}

// wait() takes its listener back out of the future when its time is up, while others wait there and the future ends.
IN_BOTH_DOORS(waiters, one_that_leaves_does_not_take_the_others_with_it) {
  for (int round = 0; round < 50; ++round) {
    tally t;
    Future<int> f = asyncio::get_running_loop().create_future<int>();
    std::vector<Future<int>> only{f};
    std::vector<Task<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(asyncio::create_task(wait_for_it(f, t)));
    auto impatient = [&only]() -> Coro<> { co_await asyncio::wait(only, {.timeout = 0.001}); };
    std::vector<Task<>> leavers;
    for (int i = 0; i < 3; ++i) leavers.push_back(asyncio::create_task(impatient));
    co_await asyncio::sleep(0.001);
    (void)f.try_set_result(7);
    for (auto& each : all) co_await each;
    for (auto& each : leavers) co_await each;
    EXPECT_EQ(t.told, 3);
  }
}
