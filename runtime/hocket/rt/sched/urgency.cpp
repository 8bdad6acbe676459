#include <hocket/rt/sched/urgency.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace hocket::rt {
namespace {

constexpr int lowest_nice = -20;

// As in <linux/sched/types.h>, which does not go together with <sched.h>. The C library has no call for it yet.
struct attributes {
  std::uint32_t size = sizeof(attributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // of SCHED_OTHER: the slice that is asked for; 0: the kernel's own
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

}  // namespace

void urgency::begin_thread() noexcept {
  if (!is_used()) return;
  attributes now;
  if (::syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) < 0) return;
  if (now.policy != SCHED_OTHER && now.policy != SCHED_BATCH) return;
  policy_ = now.policy;
  nice_ = now.nice;
  // order: N1: policy and nice are there; pairs with request().
  thread_.store(::gettid(), release);
}

void urgency::request(level wanted) noexcept {
  const pid_t thread = thread_.load(acquire);  // order: N1
  if (thread == 0) return;
  asked_.store(wanted, relaxed);  // order: a hint: two requests at once may end either way, until the next
  attributes wish;
  wish.policy = policy_;
  wish.nice = wanted == level::favoured ? std::max(nice_ - boost_, lowest_nice) : nice_;
  wish.runtime = wanted == level::usual ? 0 : static_cast<std::uint64_t>(slice_);
  const bool is_granted = ::syscall(SYS_sched_setattr, thread, &wish, 0) == 0;
  is_favoured_.store(is_granted && wish.nice < nice_, relaxed);  // order: a hint
  if (is_granted || wish.nice == nice_) return;
  // Refused: nothing is lost but promptness.
  wish.nice = nice_;
  (void)::syscall(SYS_sched_setattr, thread, &wish, 0);
}

}  // namespace hocket::rt
