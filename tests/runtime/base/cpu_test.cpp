#include <gtest/gtest.h>
#include <hocket/rt/base/cpu.hpp>

#include <sched.h>

#include <thread>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

// A machine as a folder: its /proc/self and the control groups below /sys/fs/cgroup.
struct machine : support::temp_folder {
  void cgroup(std::string_view text) const { write("/proc/self/cgroup", text); }
  void mounts(std::string_view text) const { write("/proc/self/mountinfo", text); }

  double quota() const {
    const auto q = find_cpu_quota(path());
    return q ? q->cpus : 0;
  }
  std::string file() const {
    const auto q = find_cpu_quota(path());
    return q ? "/" + std::filesystem::path(q->file).lexically_relative(path()).string() : "";
  }
};

constexpr std::string_view v2_mount =
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view v1_mount =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n";

std::vector<unsigned> first_cpus(unsigned n) {
  std::vector<unsigned> cpus;
  for (unsigned i = 0; i < n; ++i) cpus.push_back(i);
  return cpus;
}

TEST(weigh_cpus, rounds_a_quota_up) {
  const auto usable = [](double quota) { return weigh_cpus(first_cpus(8), cpu_quota{quota, ""}).usable; };
  EXPECT_EQ(usable(0.01), 1u);
  EXPECT_EQ(usable(0.5), 1u);
  EXPECT_EQ(usable(1), 1u);
  EXPECT_EQ(usable(1.5), 2u);
  EXPECT_EQ(usable(2), 2u);
  EXPECT_EQ(usable(7.01), 8u);
  EXPECT_EQ(usable(8), 8u);
  EXPECT_EQ(usable(64), 8u);
  EXPECT_EQ(usable(1e18), 8u);
}

TEST(weigh_cpus, counts_the_mask_where_there_is_no_quota) {
  EXPECT_EQ(weigh_cpus(first_cpus(5), std::nullopt).usable, 5u);
  EXPECT_EQ(weigh_cpus({}, std::nullopt).usable, 1u);
}

TEST(weigh_cpus, knows_whether_the_quota_binds) {
  EXPECT_FALSE(weigh_cpus(first_cpus(2), std::nullopt).quota_binds());
  EXPECT_FALSE(weigh_cpus(first_cpus(2), cpu_quota{2, ""}).quota_binds());
  EXPECT_TRUE(weigh_cpus(first_cpus(2), cpu_quota{1.5, ""}).quota_binds());
}

TEST(cpu_report, says_why) {
  EXPECT_EQ(weigh_cpus({0, 1, 2, 3, 8}, std::nullopt).describe(), "5 usable: 5 in the affinity mask (0-3,8), no quota");
  EXPECT_EQ(weigh_cpus({0, 1, 2}, cpu_quota{1.5, "/sys/fs/cgroup/cpu.max"}).describe(),
            "2 usable: 3 in the affinity mask (0-2), quota of 1.50 CPUs (/sys/fs/cgroup/cpu.max)");
}

TEST(cpu_list_text, joins_neighbours) {
  EXPECT_EQ(cpu_list_text({}), "");
  EXPECT_EQ(cpu_list_text({4}), "4");
  EXPECT_EQ(cpu_list_text({0, 1}), "0-1");
  EXPECT_EQ(cpu_list_text({0, 2, 3, 4, 1024}), "0,2-4,1024");
  EXPECT_EQ(cpu_list_text({3, 0, 1}), "3,0-1");
}

TEST(allowed_cpus, is_the_mask_of_the_calling_thread) {
  const auto all = allowed_cpus();
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(all.back(), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(allowed_cpus(), std::vector{all.back()});
    EXPECT_EQ(usable_cpus("/nowhere"), 1u);
  }).join();
  EXPECT_EQ(allowed_cpus(), all);
}

TEST(detect_cpus, answers_on_this_machine) {
  const auto report = detect_cpus();
  EXPECT_GE(report.usable, 1u);
  EXPECT_LE(report.usable, report.allowed.size());
}

TEST(cpu_quota, nothing_to_read_is_no_quota) {
  machine m;
  EXPECT_FALSE(find_cpu_quota(m.path()));
  EXPECT_FALSE(find_cpu_quota(m.path() / "missing"));
  m.cgroup("");
  EXPECT_FALSE(find_cpu_quota(m.path()));
  m.cgroup("0::/\n");  // no mountinfo
  EXPECT_FALSE(find_cpu_quota(m.path()));
  m.mounts("garbage\n\n30 24\n - \n1 2 3 4 5 - cgroup2\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
  m.cgroup("garbage\n::\n0:\n");
  m.mounts(v2_mount);
  EXPECT_FALSE(find_cpu_quota(m.path()));
}

TEST(cpu_quota, v2_reads_cpu_max) {
  machine m;
  m.cgroup("0::/app\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 1.5);
  EXPECT_EQ(m.file(), "/sys/fs/cgroup/app/cpu.max");
  m.write("/sys/fs/cgroup/app/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 0.5);
  EXPECT_EQ(weigh_cpus(first_cpus(4), find_cpu_quota(m.path())).usable, 1u);
  m.write("/sys/fs/cgroup/app/cpu.max", "200000 50000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 4);
}

TEST(cpu_quota, v2_max_is_no_quota) {
  machine m;
  m.cgroup("0::/app\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
}

TEST(cpu_quota, v2_text_that_is_no_quota_is_none) {
  machine m;
  m.cgroup("0::/app\n");
  m.mounts(v2_mount);
  for (const char* text :
       {"", "\n", "x", "1x 100000", "100000 0", "0 100000", "-1 100000", "99999999999999999999 100000", "100000 "}) {
    m.write("/sys/fs/cgroup/app/cpu.max", text);
    EXPECT_FALSE(find_cpu_quota(m.path())) << text;
  }
}

TEST(cpu_quota, the_tightest_ancestor_counts) {
  machine m;
  m.cgroup("0::/slice/pod/app\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/slice/pod/app/cpu.max", "400000 100000\n");
  m.write("/sys/fs/cgroup/slice/pod/cpu.max", "150000 100000\n");
  m.write("/sys/fs/cgroup/slice/cpu.max", "max 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 1.5);
  EXPECT_EQ(m.file(), "/sys/fs/cgroup/slice/pod/cpu.max");
  m.write("/sys/fs/cgroup/slice/cpu.max", "20000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 0.2);
  m.write("/sys/fs/cgroup/slice/pod/app/cpu.max", "10000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 0.1);
}

TEST(cpu_quota, the_root_of_the_mount_counts_and_nothing_above) {
  machine m;  // a container with its own cgroup namespace
  m.cgroup("0::/\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/cpu.max", "250000 100000\n");
  m.write("/sys/fs/cpu.max", "1 100000\n");
  m.write("/cpu.max", "1 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 2.5);
}

TEST(cpu_quota, siblings_do_not_count) {
  machine m;
  m.cgroup("0::/a\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/ab/cpu.max", "10000 100000\n");
  m.write("/sys/fs/cgroup/a/b/cpu.max", "10000 100000\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
}

TEST(cpu_quota, v1_reads_quota_and_period) {
  machine m;
  m.cgroup("4:memory:/other\n3:cpu,cpuacct:/docker/abc\n");
  m.mounts(v1_mount);
  const std::string folder = "/sys/fs/cgroup/cpu,cpuacct/docker/abc/";
  m.write(folder + "cpu.cfs_period_us", "100000\n");
  m.write(folder + "cpu.cfs_quota_us", "150000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 1.5);
  EXPECT_EQ(m.file(), folder + "cpu.cfs_quota_us");
  m.write(folder + "cpu.cfs_quota_us", "-1\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
  m.write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "50000\n");
  m.write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "25000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 0.5);
}

TEST(cpu_quota, v1_cpuset_and_cpuacct_are_not_cpu) {
  machine m;
  m.cgroup("3:cpuset:/a\n2:cpuacct:/a\n");
  m.mounts("32 31 0:29 / /cg rw - cgroup cgroup rw,cpuacct\n33 31 0:30 / /cg2 rw - cgroup cgroup rw,cpuset\n");
  m.write("/cg/a/cpu.cfs_period_us", "100000\n");
  m.write("/cg/a/cpu.cfs_quota_us", "100000\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
}

TEST(cpu_quota, v1_in_a_container_subtracts_the_root_of_the_mount) {
  machine m;  // docker without a cgroup namespace: the host's path, and a mount that shows only the container's part
  m.cgroup("3:cpu:/docker/abc/inner\n");
  m.mounts("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  m.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  m.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 3);
  m.write("/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n");
  m.write("/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "200000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 2);
}

TEST(cpu_quota, a_root_that_only_begins_alike_is_another) {
  machine m;
  m.cgroup("3:cpu:/docker/abcdef\n");
  m.mounts("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  m.write("/sys/fs/cgroup/cpu/def/cpu.cfs_period_us", "100000\n");
  m.write("/sys/fs/cgroup/cpu/def/cpu.cfs_quota_us", "200000\n");
  EXPECT_FALSE(find_cpu_quota(m.path()));
}

TEST(cpu_quota, a_place_outside_of_the_mount_leaves_the_mount_itself) {
  machine m;  // the mount was made in another cgroup namespace, or the process was moved after it
  m.mounts("30 24 0:26 /../../pod /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  m.write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  m.write("/sys/cpu.max", "1 100000\n");
  for (const char* place : {"0::/\n", "0::/../elsewhere\n", "0::/..\n"}) {
    m.cgroup(place);
    EXPECT_DOUBLE_EQ(m.quota(), 2) << place;
  }
}

TEST(cpu_quota, a_group_that_is_gone_leaves_its_ancestors) {
  machine m;
  m.cgroup("0::/slice/app (deleted)\n");
  m.mounts(v2_mount);
  m.write("/sys/fs/cgroup/slice/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 2);
}

TEST(cpu_quota, on_a_hybrid_machine_v1_decides_when_it_lists_cpu) {
  machine m;
  m.cgroup("1:cpu:/a\n0::/a\n");
  m.mounts(
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 "
      "cgroup2 rw\n");
  m.write("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  m.write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n");
  m.write("/sys/fs/cgroup/unified/a/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 3);
  m.cgroup("0::/a\n1:cpu:/a\n");  // in any order
  EXPECT_DOUBLE_EQ(m.quota(), 3);
  m.cgroup("2:memory:/a\n1:name=systemd:/a\n0::/a\n");  // v1 without cpu
  EXPECT_DOUBLE_EQ(m.quota(), 1);
}

TEST(cpu_quota, the_tightest_of_two_mounts_counts) {
  machine m;
  m.cgroup("0::/pod/app\n");
  m.mounts("30 24 0:26 /pod /inner rw - cgroup2 cgroup2 rw\n31 24 0:26 / /outer rw - cgroup2 cgroup2 rw\n");
  m.write("/inner/app/cpu.max", "400000 100000\n");
  m.write("/outer/pod/app/cpu.max", "400000 100000\n");
  m.write("/outer/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 1);
}

TEST(cpu_quota, odd_names_are_read_as_they_are) {
  machine m;  // a colon in the path; a blank in the mount point; optional fields, many or none
  m.cgroup("0::/a:b/c\n");
  m.mounts("30 24 0:26 / /my\\040groups rw shared:1 master:2 propagate_from:3 unbindable - cgroup2 none rw\n");
  m.write("/my groups/a:b/c/cpu.max", "70000 100000\n");
  EXPECT_DOUBLE_EQ(m.quota(), 0.7);
}

TEST(cores_first, puts_second_threads_last) {
  machine m;
  const auto topology = [&](unsigned cpu, const char* siblings) {
    m.write("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", siblings);
  };
  topology(0, "0-1\n");
  topology(1, "0-1\n");
  topology(2, "2-3\n");
  topology(3, "2-3\n");
  EXPECT_EQ(cores_first({0, 1, 2, 3}, m.path()), (std::vector<unsigned>{0, 2, 1, 3}));
  EXPECT_EQ(cores_first({1, 2, 3}, m.path()), (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(cores_first({4, 0, 1}, m.path()), (std::vector<unsigned>{4, 0, 1}));  // 4: unreadable
  EXPECT_EQ(cores_first({}, m.path()), std::vector<unsigned>{});
}

TEST(move_to_cpu, leaves_the_mask_as_it_was) {
  std::thread([] {
    const auto before = allowed_cpus();
    for (const unsigned cpu : before) {
      EXPECT_TRUE(move_to_cpu(cpu));
      EXPECT_EQ(before, allowed_cpus());
    }
  }).join();
}

TEST(move_to_cpu, keeps_to_the_mask) {
  std::thread([] {
    const unsigned here = allowed_cpus().front();
    ASSERT_TRUE(bind_to_cpu(here));
    EXPECT_FALSE(move_to_cpu(here + 1));
    EXPECT_EQ(std::vector{here}, allowed_cpus());
    EXPECT_EQ(static_cast<int>(here), ::sched_getcpu());
  }).join();
}

}  // namespace
}  // namespace hocket::rt
