// Many tasks alive at once (10^6 by `--count 1e6`), which wait for time, items and an event; then all are cancelled.
// Every one has begun and none is left, and the rounds after the second, by when there was room for the exceptions as
// well, live in the same memory: also where main moves about, and creates its tasks on one worker after the other. What
// malloc has given out is judged closely, what is resident loosely: that has the holes in each thread's arena as well.
#include <malloc.h>

#include <array>
#include <atomic>
#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr int rounds = 5;

std::atomic<std::int64_t> waiting{0};

class presence {
 public:
  presence() { waiting.fetch_add(1, std::memory_order_relaxed); }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() { waiting.fetch_sub(1, std::memory_order_relaxed); }
};

Coro<> wait_for_time() {
  const presence here;
  co_await asyncio::sleep(86400);
}
Coro<> wait_for_item(asyncio::Queue<int> q) {
  const presence here;
  co_await q.get();
}
Coro<> wait_for_event(asyncio::Event e) {
  const presence here;
  co_await e.wait();
}

struct memory {
  std::int64_t used_kib = 0;
  std::int64_t resident_kib = 0;

  static memory now() {
    ::malloc_trim(0);  // the exceptions of the round before
    const auto heap = ::mallinfo2();
    return {static_cast<std::int64_t>((heap.uordblks + heap.hblkhd) / 1024), stress::resident_kib()};
  }
};

struct result {
  std::int64_t alive = 0;      // in all rounds
  std::int64_t cancelled = 0;  // likewise
  std::int64_t left = 0;
  std::array<memory, rounds> peak;
};

Coro<> one_round(std::int64_t count, int round, result& r) {
  std::array<asyncio::Queue<int>, 64> queues;
  asyncio::Event event;
  std::vector<Task<>> tasks;
  tasks.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    switch (i % 3) {
      case 0:
        tasks.push_back(asyncio::create_task(wait_for_time()));
        break;
      case 1:
        tasks.push_back(asyncio::create_task(wait_for_item(queues[static_cast<std::size_t>(i) % queues.size()])));
        break;
      default:
        tasks.push_back(asyncio::create_task(wait_for_event(event)));
    }
  }
  while (waiting.load(std::memory_order_relaxed) < count) co_await asyncio::sleep(0.001);
  r.alive += waiting.load(std::memory_order_relaxed);
  r.peak[static_cast<std::size_t>(round)] = memory::now();
  for (auto& t : tasks) t.cancel();
  for (auto& t : tasks) {
    const auto end = co_await asyncio::as_result(t);
    r.cancelled += end.cancelled();
  }
  r.left += waiting.load(std::memory_order_relaxed);
}

Coro<result> live_and_end(std::int64_t count) {
  result r;
  for (int round = 0; round < rounds; ++round) co_await one_round(count, round, r);
  r.left += static_cast<std::int64_t>(asyncio::all_tasks().size()) - 1;
  co_return r;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 100'000);
  const stopwatch watch;
  const result r = o.serial ? asyncio::run(live_and_end(o.count), o.run_options())
                            : asyncio::run_parallel(live_and_end(o.count), o.run_options());
  claims c;
  c.check(r.alive == o.count * rounds, "all were alive at once");
  c.check(r.cancelled == o.count * rounds, "every one ended as cancelled");
  c.check(r.left == 0, "none is left");
  const bool is_judged = !hocket::support::under_sanitizer;
  const memory first = r.peak.front(), second = r.peak[1], last = r.peak.back();
  constexpr std::int64_t little = 8 * 1024;
  c.check(!is_judged || last.used_kib <= second.used_kib + second.used_kib / 10 + little,
          "the last round needs no more memory than the second");
  c.check(!is_judged || last.resident_kib <= 2 * second.resident_kib + little,
          "the last round has not much more memory resident than the second");
  std::printf("alive: %lld tasks at once, %d times, %.1f s%s\n", static_cast<long long>(o.count), rounds,
              watch.seconds(), is_judged ? "" : " (memory not judged)");
  for (const auto& [name, m] : {std::pair{"first", first}, std::pair{"second", second}, std::pair{"last", last}}) {
    std::printf("%s round: %lld KiB used, %lld resident\n", name, static_cast<long long>(m.used_kib),
                static_cast<long long>(m.resident_kib));
  }
  return c.exit_code();
}
