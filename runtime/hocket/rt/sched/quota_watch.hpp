// How many of the workers may run under the CPU quota of this moment: quotas change while programs run.
//
// Reads the control groups' files, all of them anew, because a process may also be moved; so it is asked seldom.
// Calls: one thread at a time.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>

namespace hocket::rt {

class quota_watch {
 public:
  /// For so many workers. `root`: where /proc and /sys are. The first look is due at once.
  quota_watch(unsigned workers, std::filesystem::path root, nanos interval)
      : workers_(workers), root_(std::move(root)), interval_(interval) {}

  /// When the next look is due. Any thread.
  nanos next_look() const noexcept { return next_look_.load(relaxed); }  // order: a hint

  /// Looks if that is due. Gives the quota in CPUs, or 0 when there is none. nullopt: not due, or no memory to look
  /// with.
  std::optional<double> look(nanos now) noexcept;

  /// How many of the workers may run under such a quota: rounded up, at least 1, at most all.
  unsigned workers_for(double cpus) const noexcept;

 private:
  const unsigned workers_;
  const std::filesystem::path root_;
  const nanos interval_;
  std::atomic<nanos> next_look_{0};
};

}  // namespace hocket::rt
