// queue_1p1c's floor: a deque filled and emptied by turns on one thread.
#include <deque>

#include "config.hpp"

int main(int argc, char** argv) {
  auto o = bench::parse(argc, argv, queue_1p1c::default_items);
  o.workers = 1;
  bench::measures rounds;
  for (int round = 0; round < o.rounds; ++round) {
    const bench::stopwatch watch;
    std::deque<long> queue;
    long sum = 0;
    for (long next = 0; next < o.size;) {
      for (; next < o.size && queue.size() < static_cast<std::size_t>(queue_1p1c::capacity); ++next)
        queue.push_back(next);
      for (; !queue.empty(); queue.pop_front()) sum += queue.front();
    }
    rounds.push_back(watch.read());
    bench::check(sum == o.size * (o.size - 1) / 2, "queue_1p1c");
  }
  queue_1p1c::report("serial", o, rounds);
}
