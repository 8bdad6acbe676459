#include <hocket/rt/base/futex.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace hocket::rt {

bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, nanos deadline) noexcept {
  timespec until{};
  timespec* limit = nullptr;
  if (deadline != never) {
    until.tv_sec = deadline / nanos_per_second;
    until.tv_nsec = deadline % nanos_per_second;
    limit = &until;
  }
  // FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC; plain FUTEX_WAIT a relative one.
  const long rc =
      ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  return !(rc == -1 && errno == ETIMEDOUT);
}

void futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

void futex_mutex::lock_contended() noexcept {
  constexpr int spins = 40;
  for (int i = 0; i < spins; ++i) {
    spin_pause();
    if (try_lock()) return;
  }
  // order: M1. A sleeper always leaves `contended` behind, so that the unlock that frees it wakes the next one.
  while (word_.exchange(contended, acquire) != free) futex_wait(word_, contended);
}

}  // namespace hocket::rt
