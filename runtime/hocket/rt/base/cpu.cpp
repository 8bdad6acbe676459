#include <hocket/rt/base/cpu.hpp>

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>

namespace hocket::rt {
namespace {

namespace fs = std::filesystem;

struct cgroup_mount {
  std::string root;   // which directory of the hierarchy is mounted
  std::string point;  // where
};

struct cgroup_place {
  bool is_v1 = false;
  std::string path;                  // this process's directory, seen from the root of the cgroup namespace
  std::vector<cgroup_mount> mounts;  // of the hierarchy that carries the cpu controller
};

fs::path below(const fs::path& root, std::string_view absolute) { return root / fs::path(absolute).relative_path(); }

bool has_item(std::string_view list, std::string_view item) {
  for (;;) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == item) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

// mountinfo writes blank, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Lines are "hierarchy:controllers:path"; v2 is hierarchy 0 without controllers. A path may hold colons.
std::optional<cgroup_place> find_place(const fs::path& root) {
  std::ifstream file(below(root, "/proc/self/cgroup"));
  std::optional<cgroup_place> found;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (has_item(controllers, "cpu")) return cgroup_place{true, line.substr(second + 1), {}};
    if (controllers.empty() && line.substr(0, first) == "0") found = cgroup_place{false, line.substr(second + 1), {}};
  }
  return found;
}

// Fields: id parent major:minor root point options [optional...] - type source super-options.
void find_mounts(const fs::path& root, cgroup_place& place) {
  std::ifstream file(below(root, "/proc/self/mountinfo"));
  for (std::string line; std::getline(file, line);) {
    const auto separator = line.find(" - ");
    if (separator == line.npos) continue;
    std::istringstream before(line.substr(0, separator)), after(line.substr(separator + 3));
    std::string id, parent, device, mount_root, point, type, source, options;
    if (!(before >> id >> parent >> device >> mount_root >> point) || !(after >> type >> source)) continue;
    after >> options;
    const bool fits = place.is_v1 ? type == "cgroup" && has_item(options, "cpu") : type == "cgroup2";
    if (fits) place.mounts.push_back({unescape(mount_root), unescape(point)});
  }
}

// The process's directory inside one mount, as a path relative to the mount point. A path outside of what is mounted
// (another cgroup namespace's "/..", a bind mount of a sibling) cannot be named: then only the mount's own root counts.
fs::path inside(const cgroup_mount& mount, const std::string& path) {
  if (path.find("/..") != path.npos) return {};
  const std::string_view root = mount.root == "/" ? std::string_view{} : std::string_view(mount.root);
  if (!path.starts_with(root)) return {};
  const auto rest = std::string_view(path).substr(root.size());
  if (!rest.empty() && rest.front() != '/') return {};
  return fs::path(rest).relative_path();
}

std::optional<std::string> first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) return std::nullopt;
  return line;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ratio(std::string_view quota, std::string_view period) {
  const auto q = whole_number(quota), p = whole_number(period);
  if (!q || !p || *q <= 0 || *p <= 0) return std::nullopt;  // v1 says -1, v2 "max", where there is no limit
  return static_cast<double>(*q) / static_cast<double>(*p);
}

std::optional<cpu_quota> quota_v1(const fs::path& directory) {
  const auto file = directory / "cpu.cfs_quota_us";
  const auto quota = first_line(file), period = first_line(directory / "cpu.cfs_period_us");
  if (!quota || !period) return std::nullopt;
  const auto cpus = ratio(*quota, *period);
  return cpus ? std::optional(cpu_quota{*cpus, file.string()}) : std::nullopt;
}

std::optional<cpu_quota> quota_v2(const fs::path& directory) {
  const auto file = directory / "cpu.max";
  const auto line = first_line(file);
  if (!line) return std::nullopt;
  const auto blank = line->find(' ');
  const auto period = blank == line->npos ? std::string("100000") : line->substr(blank + 1);
  const auto cpus = ratio(std::string_view(*line).substr(0, blank), period);
  return cpus ? std::optional(cpu_quota{*cpus, file.string()}) : std::nullopt;
}

/// An affinity mask of any size; cpu_set_t ends at 1024.
class cpu_mask {
 public:
  explicit cpu_mask(unsigned bits) noexcept : bits_(bits), set_(CPU_ALLOC(bits)) {
    if (set_) CPU_ZERO_S(bytes(), set_.get());
  }

  /// Empty when the kernel does not say.
  static cpu_mask of_this_thread() noexcept {
    constexpr unsigned first_size = 1024, largest = 1u << 20;
    // The kernel answers EINVAL while the mask is smaller than its own.
    for (unsigned bits = first_size; bits <= largest; bits *= 2) {
      cpu_mask mask(bits);
      if (!mask.set_) break;
      if (::sched_getaffinity(0, mask.bytes(), mask.set_.get()) == 0) return mask;
      if (errno != EINVAL) break;
    }
    return cpu_mask(0);
  }

  static cpu_mask of_all() noexcept {
    cpu_mask mask(1024);
    for (unsigned cpu = 0; cpu < mask.bits(); ++cpu) mask.add(cpu);
    return mask;
  }

  unsigned bits() const noexcept { return bits_; }
  bool has(unsigned cpu) const noexcept { return set_ && cpu < bits_ && CPU_ISSET_S(cpu, bytes(), set_.get()); }
  void add(unsigned cpu) noexcept {
    if (set_) CPU_SET_S(cpu, bytes(), set_.get());
  }

  /// Of the calling thread. False: refused.
  bool set() const noexcept { return set_ && ::sched_setaffinity(0, bytes(), set_.get()) == 0; }

 private:
  struct freed {
    void operator()(cpu_set_t* s) const noexcept { CPU_FREE(s); }
  };
  std::size_t bytes() const noexcept { return CPU_ALLOC_SIZE(bits_); }

  unsigned bits_;
  std::unique_ptr<cpu_set_t, freed> set_;
};

}  // namespace

std::vector<unsigned> allowed_cpus() {
  std::vector<unsigned> cpus;
  const cpu_mask mask = cpu_mask::of_this_thread();
  for (unsigned cpu = 0; cpu < mask.bits(); ++cpu) {
    if (mask.has(cpu)) cpus.push_back(cpu);
  }
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

bool bind_to_cpu(unsigned cpu) noexcept {
  cpu_mask one(cpu + 1);
  one.add(cpu);
  return one.set();
}

bool move_to_cpu(unsigned cpu) noexcept {
  const cpu_mask mask = cpu_mask::of_this_thread();
  if (!mask.has(cpu) || !bind_to_cpu(cpu)) return false;
  // Refused only if the mask was narrowed from outside meanwhile; the kernel leaves of this one what is allowed now.
  return mask.set() || cpu_mask::of_all().set();
}

std::optional<cpu_quota> find_cpu_quota(const fs::path& root) {
  auto place = find_place(root);
  if (!place) return std::nullopt;
  find_mounts(root, *place);

  std::optional<cpu_quota> tightest;
  for (const cgroup_mount& mount : place->mounts) {
    for (fs::path rest = inside(mount, place->path);; rest = rest.parent_path()) {
      const fs::path directory = below(root, mount.point) / rest;
      auto quota = place->is_v1 ? quota_v1(directory) : quota_v2(directory);
      if (quota && (!tightest || quota->cpus < tightest->cpus)) tightest = std::move(quota);
      if (rest.empty()) break;
    }
  }
  return tightest;
}

cpu_report weigh_cpus(std::vector<unsigned> allowed, std::optional<cpu_quota> quota) {
  cpu_report report;
  if (allowed.empty()) allowed.push_back(0);
  report.usable = static_cast<unsigned>(allowed.size());
  if (quota && quota->cpus < report.usable) report.usable = std::max(1u, static_cast<unsigned>(std::ceil(quota->cpus)));
  report.allowed = std::move(allowed);
  report.quota = std::move(quota);
  return report;
}

cpu_report detect_cpus(const fs::path& root) { return weigh_cpus(allowed_cpus(), find_cpu_quota(root)); }

unsigned usable_cpus(const fs::path& root) { return detect_cpus(root).usable; }

std::vector<unsigned> cores_first(const std::vector<unsigned>& cpus, const fs::path& root) {
  // Siblings share the same list file, so its text names the core.
  std::map<std::string, std::size_t> seen;
  std::map<std::size_t, std::vector<unsigned>> by_rank;  // 0: first threads of their cores
  for (const unsigned cpu : cpus) {
    const auto number = std::to_string(cpu);
    const auto core =
        first_line(below(root, "/sys/devices/system/cpu/cpu" + number + "/topology/thread_siblings_list"));
    by_rank[seen[core.value_or("cpu" + number)]++].push_back(cpu);
  }
  std::vector<unsigned> ordered;
  for (const auto& [rank, members] : by_rank) ordered.insert(ordered.end(), members.begin(), members.end());
  return ordered;
}

std::string cpu_list_text(const std::vector<unsigned>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(cpus[i]);
    if (last > i) out += '-' + std::to_string(cpus[last]);
    i = last + 1;
  }
  return out;
}

std::string cpu_report::describe() const {
  std::string out = std::to_string(usable) + " usable: " + std::to_string(allowed.size()) + " in the affinity mask (" +
                    cpu_list_text(allowed) + "), ";
  if (!quota) return out + "no quota";
  char cpus[32];
  std::snprintf(cpus, sizeof cpus, "%.2f", quota->cpus);
  return out + "quota of " + cpus + " CPUs (" + quota->file + ")";
}

}  // namespace hocket::rt
