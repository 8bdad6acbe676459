// queue over moodycamel::BlockingConcurrentQueue between plain threads. It has no bound: a semaphore of `capacity`
// places stands before it.
#include <concurrentqueue/blockingconcurrentqueue.h>

#include "config.hpp"
#include "threads.hpp"

int main(int argc, char** argv) {
  const auto o = queue::parse(argc, argv);
  for (const long items : o.passes()) {
    const bench::stopwatch watch;
    moodycamel::BlockingConcurrentQueue<long> queue(static_cast<std::size_t>(o.capacity));
    moodycamel::LightweightSemaphore places(o.capacity);
    const auto put = [&](long i) {
      places.wait();
      queue.enqueue(i);
    };
    const auto get = [&] {
      long item = 0;
      queue.wait_dequeue(item);
      places.signal();
      return item;
    };
    const long sum = queue::run_threads(o, items, put, get);
    if (items == o.size) queue::report(o, watch.read(), sum);
  }
}
