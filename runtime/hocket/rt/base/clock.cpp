#include <hocket/rt/base/clock.hpp>

#include <ctime>

namespace hocket::rt {

nanos steady_now() noexcept {
  timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * nanos_per_second + ts.tv_nsec;
}

}  // namespace hocket::rt
