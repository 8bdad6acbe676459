// queue over oneTBB's concurrent_bounded_queue between plain threads: oneTBB has no queue that suspends a task.
#include <tbb/concurrent_queue.h>

#include "config.hpp"
#include "threads.hpp"

int main(int argc, char** argv) {
  const auto o = queue::parse(argc, argv);
  for (const long items : o.passes()) {
    const bench::stopwatch watch;
    tbb::concurrent_bounded_queue<long> queue;
    queue.set_capacity(o.capacity);
    const auto get = [&] {
      long item = 0;
      queue.pop(item);
      return item;
    };
    const long sum = queue::run_threads(o, items, [&](long i) { queue.push(i); }, get);
    if (items == o.size) queue::report(o, watch.read(), sum);
  }
}
