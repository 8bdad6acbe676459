// queue_pair's floor: a deque without a lock, in a bare coroutine that never waits for it.
#include <deque>

#include "common/raw_coro.hpp"
#include "config.hpp"

namespace {

struct ready_item {
  std::deque<long>& items;
  bool await_ready() const noexcept { return !items.empty(); }
  void await_suspend(std::coroutine_handle<>) const noexcept { std::terminate(); }
  long await_resume() const {
    const long item = items.front();
    items.pop_front();
    return item;
  }
};

bench::raw_coro body(long pairs) {
  std::deque<long> items;
  long sum = 0;
  for (long i = 0; i < pairs; ++i) {
    items.push_back(i);
    sum += co_await ready_item{items};
  }
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = queue_pair::parse(argc, argv);
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    const bench::raw_coro whole = body(pairs);
    whole.start();
    if (pairs == o.size) queue_pair::report(o, watch.read(), whole.value());
  }
}
