// Cancels that race completion (10^7 by `--count 1e7`). For each task one side completes what it awaits and another
// cancels it. Exactly one outcome: cancel() said yes if and only if the task ended cancelled; if it said no, the value
// came.
#include <atomic>
#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

constexpr std::int64_t batch = 256;

struct tally {
  std::int64_t returned = 0;
  std::int64_t cancelled = 0;
  std::int64_t accepted = 0;     // cancel() gave true
  std::int64_t misreported = 0;  // the answer of cancel() and the end of the task disagree
  memory_watch memory;
};

Coro<int> wait_for_value(Future<int> f) { co_return co_await f; }

Coro<int> wait_for_item(asyncio::Queue<int> q) { co_return co_await q.get(); }

Coro<int> wait_for_event(asyncio::Event e) {
  co_await e.wait();
  co_return 1;
}

Coro<int> wait_for_time() {
  co_await asyncio::sleep(0.000001);
  co_return 1;
}

/// The four kinds of wait take turns by batch.
struct contest {
  std::vector<Future<int>> futures;
  std::vector<asyncio::Queue<int>> queues;
  std::vector<asyncio::Event> events;
  std::vector<Task<int>> tasks;
  std::vector<char> accepted;

  contest(std::int64_t kind, std::int64_t size) : accepted(static_cast<std::size_t>(size)) {
    auto loop = asyncio::get_running_loop();
    for (std::int64_t i = 0; i < size; ++i) {
      switch (kind % 4) {
        case 0:
          futures.push_back(loop.create_future<int>());
          tasks.push_back(asyncio::create_task(wait_for_value(futures.back())));
          break;
        case 1:
          queues.emplace_back();
          tasks.push_back(asyncio::create_task(wait_for_item(queues.back())));
          break;
        case 2:
          events.emplace_back();
          tasks.push_back(asyncio::create_task(wait_for_event(events.back())));
          break;
        default:
          tasks.push_back(asyncio::create_task(wait_for_time()));
      }
    }
  }
};

Coro<> complete_all(contest& c) {
  for (auto& f : c.futures) f.try_set_result(1);
  for (auto& q : c.queues) q.put_nowait(1);
  for (auto& e : c.events) e.set();
  co_return;
}

Coro<> cancel_all(contest& c) {
  for (std::size_t i = 0; i < c.tasks.size(); ++i) c.accepted[i] = c.tasks[i].cancel();
  co_return;
}

Coro<int> how_it_ended(Task<int> t) {
  try {
    co_return co_await t;
  } catch (const asyncio::CancelledError&) {
    co_return 0;
  }
}

Coro<tally> race(std::int64_t count) {
  tally total;
  std::int64_t kind = 0;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t size = std::min(batch, count - done);
    contest c(kind++, size);
    if (kind % 3 != 0) co_await asyncio::sleep(0);  // two times in three the tasks already wait
    auto completer = asyncio::create_task(complete_all(c));
    if (kind % 5 == 0) co_await completer;  // some have resumed when the cancels come, others have not
    auto canceller = asyncio::create_task(cancel_all(c));
    co_await completer;
    co_await canceller;
    for (std::size_t i = 0; i < c.tasks.size(); ++i) {
      const int value = co_await how_it_ended(c.tasks[i]);
      const bool cancelled = c.tasks[i].cancelled();
      ++(cancelled ? total.cancelled : total.returned);
      total.accepted += c.accepted[i];
      if (cancelled != static_cast<bool>(c.accepted[i]) || cancelled != (value == 0)) ++total.misreported;
    }
    done += size;
    total.memory.sample(done, count);
  }
  co_return total;
}

}  // namespace

int main(int argc, char** argv) {
  const options o(argc, argv, 200'000);
  const stopwatch watch;
  const tally t = enter(o, race(o.count));
  claims c;
  c.check(t.returned + t.cancelled == o.count, "every task ended one way");
  c.check(t.accepted == t.cancelled, "as many cancels accepted as tasks cancelled");
  c.check(t.misreported == 0, "cancel() told the truth for each task");
  c.check(t.memory.flat(), "memory is flat");
  std::printf("cancel_race: %lld tasks, %lld returned, %lld cancelled, %lld misreported, %.1f s, %s\n",
              static_cast<long long>(o.count), static_cast<long long>(t.returned), static_cast<long long>(t.cancelled),
              static_cast<long long>(t.misreported), watch.seconds(), t.memory.text().c_str());
  return c.exit_code();
}
