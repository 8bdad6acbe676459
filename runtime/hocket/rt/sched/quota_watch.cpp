#include <hocket/rt/sched/quota_watch.hpp>

#include <algorithm>
#include <cmath>

#include <hocket/rt/base/cpu.hpp>

namespace hocket::rt {

std::optional<double> quota_watch::look(nanos now) noexcept {
  if (now < next_look()) return std::nullopt;
  next_look_.store(now + interval_, relaxed);  // order: a hint
  try {
    const auto quota = find_cpu_quota(root_);
    return quota ? quota->cpus : 0;
  } catch (...) {
    return std::nullopt;
  }
}

unsigned quota_watch::workers_for(double cpus) const noexcept {
  if (cpus <= 0 || cpus >= workers_) return workers_;
  return std::max(1u, static_cast<unsigned>(std::ceil(cpus)));
}

}  // namespace hocket::rt
