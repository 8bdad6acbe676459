// lock_pair's floor: mutex, which blocks a thread.
#include <mutex>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = lock_pair::parse(argc, argv);
  std::mutex shared;
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    for (long i = 0; i < pairs; ++i) {
      shared.lock();
      shared.unlock();
    }
    if (pairs == o.size) lock_pair::report(o, watch.read());
  }
}
