// queue_1p1c over oneTBB's concurrent_bounded_queue between two plain threads: oneTBB has no queue that suspends a
// task.
#include <tbb/concurrent_queue.h>

#include "config.hpp"

int main(int argc, char** argv) {
  auto o = bench::parse(argc, argv, queue_1p1c::default_items);
  o.workers = 2;
  bench::measures rounds;
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    tbb::concurrent_bounded_queue<long> queue;
    queue.set_capacity(queue_1p1c::capacity);
    std::thread producer([&] {
      for (long i = 0; i < o.size; ++i) queue.push(i);
    });
    long sum = 0, item = 0;
    for (long i = 0; i < o.size; ++i) {
      queue.pop(item);
      sum += item;
    }
    producer.join();
    rounds.push_back(watch.read());
    bench::check(sum == o.size * (o.size - 1) / 2, "queue_1p1c");
  }
  queue_1p1c::report("tbb", o, rounds);
}
