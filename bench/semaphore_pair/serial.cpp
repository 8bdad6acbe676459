// semaphore_pair's floor: counting_semaphore<>, which blocks a thread.
#include <semaphore>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = semaphore_pair::parse(argc, argv);
  std::counting_semaphore<> shared{10};
  for (const long pairs : o.passes()) {
    const bench::stopwatch watch;
    for (long i = 0; i < pairs; ++i) {
      shared.acquire();
      shared.release();
    }
    if (pairs == o.size) semaphore_pair::report(o, watch.read());
  }
}
