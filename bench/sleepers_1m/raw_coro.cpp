// sleepers_1m's floor: bare coroutines on one thread, whose deadlines lie in a heap.
#include <queue>

#include "common/raw_coro.hpp"
#include "config.hpp"

namespace {

struct timer {
  bench::steady::time_point when;
  std::coroutine_handle<> waiter;
  bool operator>(const timer& other) const { return when > other.when; }
};
std::priority_queue<timer, std::vector<timer>, std::greater<>> timers;

struct sleep_for {
  double seconds;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) const {
    const auto delay = std::chrono::duration_cast<bench::steady::duration>(std::chrono::duration<double>(seconds));
    timers.push({bench::steady::now() + delay, waiter});
  }
  void await_resume() const noexcept {}
};

bench::raw_coro sleeper(double seconds) {
  co_await sleep_for{seconds};
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = sleepers_1m::parse(argc, argv);
  const sleepers_1m::watch watch;
  std::vector<bench::raw_coro> all;
  all.reserve(static_cast<std::size_t>(o.size));
  for (long i = 0; i < o.size; ++i) {
    all.push_back(sleeper(sleepers_1m::seconds(o)));
    all.back().start();
  }
  for (; !timers.empty(); timers.pop()) {
    const timer next = timers.top();
    if (bench::steady::now() < next.when) std::this_thread::sleep_until(next.when);
    next.waiter.resume();
  }
  watch.report(o);
}
