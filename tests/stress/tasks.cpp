// Creates and finishes tasks (10^8 by `--count 1e8`): every one runs once, its result arrives, memory stays flat.
#include <atomic>
#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::int64_t batch = 1000;

std::atomic<std::int64_t> ran{0};

Coro<std::int64_t> one(std::int64_t index) {
  ran.fetch_add(1, std::memory_order_relaxed);
  co_return index;
}

struct result {
  std::int64_t finished = 0;
  std::int64_t sum = 0;
  memory_watch memory;
};

Coro<result> create_and_finish(std::int64_t count) {
  result r;
  std::vector<Task<std::int64_t>> tasks;
  for (std::int64_t next = 0; next < count;) {
    tasks.clear();
    for (std::int64_t i = 0; i < batch && next < count; ++i) tasks.push_back(asyncio::create_task(one(next++)));
    for (auto& t : tasks) {
      const std::int64_t index = co_await t;
      r.sum += index;
      ++r.finished;
    }
    r.memory.sample(next, count);
  }
  co_return r;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 1'000'000);
  const stopwatch watch;
  const result r = enter(o, create_and_finish(o.count));
  const double seconds = watch.seconds();
  claims c;
  c.check(r.finished == o.count, "every task finished");
  c.check(ran.load() == o.count, "every task ran once");
  c.check(r.sum == o.count * (o.count - 1) / 2, "every result arrived");
  c.check(r.memory.flat(), "memory is flat");
  std::printf("tasks: %lld created and finished in %.1f s (%.0f ns each), %s\n", static_cast<long long>(o.count),
              seconds, seconds * 1e9 / static_cast<double>(o.count), r.memory.text().c_str());
  return c.exit_code();
}
