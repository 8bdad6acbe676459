#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

nanos clock_now(clockid_t clock) noexcept {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<nanos>(t.tv_sec) * nanos_per_second + t.tv_nsec;
}

}  // namespace hocket::rt
