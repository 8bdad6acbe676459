// A number goes round between two tasks and a plain thread (10^6 times by `--count 1e6`): whoever has it puts it in the
// next one's queue and waits. Workers find nothing else and go to sleep in between, so a wake that is lost between
// their last look and their sleep stops everything. Then the watchdog says so.
#include <atomic>
#include <thread>

#include "stress.hpp"

using namespace stress;

namespace {

using Queue = asyncio::Queue<std::int64_t>;

std::atomic<std::int64_t> rounds_done{0};

Coro<> pass_on(Queue in, Queue out, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t number = co_await in.get();
    co_await out.put(number + 1);
  }
}

Coro<std::int64_t> go_round(std::int64_t count) {
  Queue first, second, back;
  auto one = asyncio::create_task(pass_on(first, second, count));
  auto other = asyncio::create_task(pass_on(second, back, count));
  std::int64_t number = 0;
  auto outside = [&] {
    for (std::int64_t i = 0; i < count; ++i) {
      first.put_nowait(number);
      number = back.get_blocking();
      rounds_done.fetch_add(1, std::memory_order_relaxed);
    }
  };
  std::thread thread(outside);
  co_await one;
  co_await other;
  thread.join();
  co_return number;
}

/// Ends the process when no round is done for a minute.
void watch_over(std::atomic<bool>& over) {
  std::int64_t seen = -1;
  for (int still = 0; !over.load(); ++still) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (const std::int64_t now = rounds_done.load(); now != seen) seen = now, still = 0;
    if (still < 600) continue;
    std::fprintf(stderr, "FAILED: nothing moves after %lld rounds\n", static_cast<long long>(seen));
    std::_Exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 20'000);
  const stopwatch watch;
  std::atomic<bool> over{false};
  std::thread watchdog(&watch_over, std::ref(over));
  const std::int64_t number = enter(o, go_round(o.count));
  over.store(true);
  watchdog.join();
  claims c;
  c.check(number == 2 * o.count, "the number passed both tasks in every round");
  std::printf("ping_pong: %lld rounds in %.1f s (%.1f us each)\n", static_cast<long long>(o.count), watch.seconds(),
              watch.seconds() * 1e6 / static_cast<double>(o.count));
  return c.exit_code();
}
