// wake's floor: a thread that sleeps on a semaphore, which is a futex.
#include "arrival.hpp"
#include "config.hpp"

int main(int argc, char** argv) {
  auto o = bench::parse(argc, argv, wake::default_posts);
  o.workers = 1;
  std::binary_semaphore work{0};
  wake::arrival arrival;
  bool stop = false;
  std::thread worker([&] {
    for (;;) {
      work.acquire();
      if (stop) return;
      arrival.note();
    }
  });
  bench::measures medians;
  for (int round = 0; round < o.rounds; ++round) {
    medians.push_back(wake::median_latency(o.size, [&] {
      work.release();
      return arrival.wait();
    }));
  }
  stop = true;
  work.release();
  worker.join();
  wake::report("serial", o, medians);
}
