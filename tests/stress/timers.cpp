// Timers armed and cancelled (10^6 by default): far ones, which must all be taken back, and near ones, whose expiry
// races the cancel: each sleeper ends exactly once, slept or cancelled. Memory stays flat.
#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::int64_t batch = 1000;

struct tally {
  std::int64_t slept = 0;
  std::int64_t cancelled = 0;
  std::int64_t handles_fired = 0;
  memory_watch memory;
};

Coro<int> sleeper(double seconds) {
  co_await asyncio::sleep(seconds);
  co_return 1;
}

Coro<int> outcome(Task<int> t) {
  try {
    co_return co_await t;
  } catch (const asyncio::CancelledError&) {
    co_return 0;
  }
}

Coro<tally> arm_and_cancel(std::int64_t count) {
  tally total;
  auto loop = asyncio::get_running_loop();
  std::vector<Task<int>> tasks;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t size = std::min(batch, count - done);
    // Callbacks an hour away, taken back at once.
    auto* fired = &total.handles_fired;
    for (std::int64_t i = 0; i < size; ++i) loop.call_later(3600, [fired] { ++*fired; }).cancel();
    // Every other sleeper is far away; the rest is due just when the cancels come.
    tasks.clear();
    for (std::int64_t i = 0; i < size; ++i) {
      tasks.push_back(asyncio::create_task(sleeper(i % 2 ? 3600 : 0.000001 * static_cast<double>(i))));
    }
    co_await asyncio::sleep(0.0001);
    for (auto& t : tasks) t.cancel();
    for (auto& t : tasks) {
      const int value = co_await outcome(t);
      ++(value ? total.slept : total.cancelled);
    }
    done += size;
    total.memory.sample(done, count);
  }
  co_return total;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 1'000'000);
  const stopwatch watch;
  const tally t = enter(o, arm_and_cancel(o.count));
  claims c;
  c.check(t.slept + t.cancelled == o.count, "every sleeper ended once");
  c.check(t.cancelled >= o.count / 2, "every far sleeper was cancelled");
  c.check(t.handles_fired == 0, "no cancelled callback ran");
  c.check(t.memory.flat(), "memory is flat");
  std::printf("timers: %lld callbacks and as many sleepers: %lld slept, %lld cancelled, %.1f s, %s\n",
              static_cast<long long>(o.count), static_cast<long long>(t.slept), static_cast<long long>(t.cancelled),
              watch.seconds(), t.memory.text().c_str());
  return c.exit_code();
}
