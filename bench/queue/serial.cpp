// queue's floor: a deque filled and emptied by turns on one thread.
#include <deque>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = queue::parse(argc, argv);
  for (const long items : o.passes()) {
    const bench::stopwatch watch;
    std::deque<long> queue;
    const long each = items / o.pairs;
    long sum = 0;
    for (long next = 0; next < items;) {
      for (; next < items && queue.size() < static_cast<std::size_t>(o.capacity); ++next) queue.push_back(next % each);
      for (; !queue.empty(); queue.pop_front()) sum += queue.front();
    }
    if (items == o.size) queue::report(o, watch.read(), sum);
  }
}
