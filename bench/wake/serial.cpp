// wake's floor: a thread that sleeps on a semaphore, which is a futex.
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = wake::parse(argc, argv);
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
  wake::measure(o, [&] {
    work.release();
    return arrival.wait();
  });
  stop = true;
  work.release();
  worker.join();
}
