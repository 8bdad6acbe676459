// How many CPUs this process may use, and why: the affinity mask, and the CPU quota of its control groups.
//
// The quota is the tightest one between the process's own group and the root of the mount, cgroup v1 and v2. On a
// hybrid machine v1 decides when /proc/self/cgroup lists its cpu controller, because a controller lives in one
// hierarchy only. A quota of 1.5 CPUs gives 2: rounding down would leave half a CPU unused.
//
// Every path starts at a `root` parameter, so that tests bring their own /proc and /sys. Any thread.
// After: Go's internal/runtime/cgroup (which reads the leaf only), oneTBB 2022.2's cgroup_info.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hocket::rt {

/// A CPU quota: how many CPUs' worth of time per period, and the file that says so.
struct cpu_quota {
  double cpus = 0;
  std::string file;
};

struct cpu_report {
  unsigned usable = 1;             ///< the answer: at least 1
  std::vector<unsigned> allowed;   ///< CPU numbers in the affinity mask, ascending; never empty
  std::optional<cpu_quota> quota;  ///< the tightest quota, when there is one

  /// True when the quota gives less than the affinity mask: spinning then burns time that work could have had.
  bool quota_binds() const noexcept { return quota && quota->cpus < static_cast<double>(allowed.size()); }

  /// One line for people: "2 usable: 8 in the affinity mask (0-7), quota of 1.50 CPUs (/sys/fs/cgroup/cpu.max)".
  std::string describe() const;
};

/// CPU numbers that the calling thread may run on, ascending. Masks of any size. {0} when the kernel does not say.
std::vector<unsigned> allowed_cpus();

/// Makes `cpu` the only one of the calling thread. False: the kernel refused.
bool bind_to_cpu(unsigned cpu) noexcept;

/// Moves the calling thread to `cpu` and leaves its mask as it was: it may be moved on at any time. False: its mask
/// does not allow that CPU, or the kernel refused.
bool move_to_cpu(unsigned cpu) noexcept;

/// The tightest CPU quota that covers this process; nullopt when there is none or nothing can be read.
std::optional<cpu_quota> find_cpu_quota(const std::filesystem::path& root = "/");

/// min(number of `allowed`, ceil(quota)), at least 1, with its reasons.
cpu_report weigh_cpus(std::vector<unsigned> allowed, std::optional<cpu_quota> quota);

/// weigh_cpus(allowed_cpus(), find_cpu_quota(root)).
cpu_report detect_cpus(const std::filesystem::path& root = "/");

/// detect_cpus(root).usable.
unsigned usable_cpus(const std::filesystem::path& root = "/");

/// `cpus` reordered: one thread of each physical core first, then the cores' second threads, and so on.
/// A CPU whose topology cannot be read counts as a core.
std::vector<unsigned> cores_first(const std::vector<unsigned>& cpus, const std::filesystem::path& root = "/");

/// "0-3,8" for {0, 1, 2, 3, 8}.
std::string cpu_list_text(const std::vector<unsigned>& cpus);

}  // namespace hocket::rt
