// timer_overshoot's floor: the kernel's sleep, in a thread.
#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = timer_overshoot::parse(argc, argv);
  timer_overshoot::overshoots overshoots;
  while (overshoots.count() < o.size) {
    const auto start = bench::steady::now();
    std::this_thread::sleep_for(timer_overshoot::delay);
    overshoots.note(start);
  }
  overshoots.report();
}
