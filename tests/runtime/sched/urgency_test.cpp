// What a thread asks of the kernel while it serves events, and that a refusal costs promptness only.
#include <hocket/rt/sched/urgency.hpp>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace hocket::rt::test {
namespace {

using level = urgency::level;

/// Tried on a thread of its own, which keeps it.
bool may_lower_nice() {
  bool may = false;
  std::thread([&] {
    const auto self = static_cast<id_t>(::gettid());
    may = ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) - 1) == 0;
  }).join();
  return may;
}

int nice_of_this_thread() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); }

/// The calling thread may not lower its nice value any more.
void give_up_privilege() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  ASSERT_EQ(::syscall(SYS_capget, &header, sets), 0);
  sets[0].effective &= ~(1u << CAP_SYS_NICE);
  ASSERT_EQ(::syscall(SYS_capset, &header, sets), 0);
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NICE, &limit), 0);
  if (limit.rlim_cur > 20) GTEST_SKIP() << "RLIMIT_NICE allows what this test wants refused";
}

/// On a thread of its own: what it asks for, and gives up, is that thread's.
template <class F>
void on_a_thread(F body) {
  std::thread(body).join();
}

TEST(urgency, favoured_lowers_the_nice_value_where_that_is_allowed) {
  on_a_thread([] {
    const int before = nice_of_this_thread();
    urgency u(0, 3);
    u.begin_thread();
    u.set(level::favoured);
    EXPECT_EQ(u.is_favoured(), may_lower_nice());
    EXPECT_EQ(nice_of_this_thread(), u.is_favoured() ? std::max(before - 3, -20) : before);
    u.set(level::usual);
    EXPECT_EQ(nice_of_this_thread(), before);
    EXPECT_FALSE(u.is_favoured());
  });
}

TEST(urgency, prompt_leaves_the_nice_value_alone) {
  on_a_thread([] {
    const int before = nice_of_this_thread();
    urgency u(100 * nanos_per_us, 3);
    u.begin_thread();
    u.set(level::favoured);
    u.set(level::prompt);
    EXPECT_EQ(nice_of_this_thread(), before);
    EXPECT_FALSE(u.is_favoured());
  });
}

TEST(urgency, a_refusal_is_prompt) {
  on_a_thread([] {
    give_up_privilege();
    if (testing::Test::IsSkipped()) return;
    const int before = nice_of_this_thread();
    urgency u(100 * nanos_per_us, 3);
    u.begin_thread();
    u.set(level::favoured);
    EXPECT_FALSE(u.is_favoured());
    EXPECT_EQ(nice_of_this_thread(), before);
  });
}

TEST(urgency, nothing_wished_for_asks_nothing) {
  on_a_thread([] {
    const int before = nice_of_this_thread();
    urgency u(0, 0);
    u.begin_thread();
    u.set(level::favoured);
    EXPECT_FALSE(u.is_favoured());
    EXPECT_EQ(nice_of_this_thread(), before);
  });
}

TEST(urgency, another_policy_is_left_alone) {
  on_a_thread([] {
    sched_param none = {};
    ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
    urgency u(100 * nanos_per_us, 3);
    u.begin_thread();
    u.set(level::favoured);
    EXPECT_FALSE(u.is_favoured());
    EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
  });
}

}  // namespace
}  // namespace hocket::rt::test
