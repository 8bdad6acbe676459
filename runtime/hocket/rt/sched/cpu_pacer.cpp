#include <hocket/rt/sched/cpu_pacer.hpp>

#include <algorithm>

namespace hocket::rt {

void cpu_pacer::set_quota(double cpus, nanos now, nanos used) noexcept {
  const double rate = cpus * part;
  if (rate == rate_.load(relaxed)) return;
  base_.store(used - static_cast<nanos>(rate * static_cast<double>(now)), relaxed);
  rate_.store(rate, relaxed);
}

nanos cpu_pacer::wait_before(nanos now, nanos used) noexcept {
  const double rate = rate_.load(relaxed);
  if (rate <= 0) return 0;
  const nanos base = base_.load(relaxed);
  const nanos left = base + static_cast<nanos>(rate * static_cast<double>(now)) - used;
  if (left > most_saved) base_.store(base - (left - most_saved), relaxed);
  const auto wait = static_cast<nanos>(static_cast<double>(-left) / rate);
  return wait < shortest_wait ? 0 : std::min(wait, longest_wait);
}

}  // namespace hocket::rt
