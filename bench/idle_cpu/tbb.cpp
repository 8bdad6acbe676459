// idle_cpu: oneTBB after a parallel_for.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = idle_cpu::parse(argc, argv);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers);
  tbb::parallel_for(0u, 4 * o.workers, [](unsigned) { idle_cpu::work(); });
  idle_cpu::look_on(o);
}
