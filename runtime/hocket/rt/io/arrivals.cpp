#include <hocket/rt/io/arrivals.hpp>

#include <sched.h>

#include <hocket/rt/base/cpu.hpp>

namespace hocket::rt {

void arrivals::follow() noexcept {
  const int cpu = settled_on();
  if (cpu < 0) return;
  samples_ = 0;
  if (cpu != ::sched_getcpu()) move_to_cpu(static_cast<unsigned>(cpu));
}

}  // namespace hocket::rt
