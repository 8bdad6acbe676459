#include <hocket/sync/thread_wait.hpp>

#include <algorithm>
#include <string>

#include <hocket/loop/exceptions.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/scheduler.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket::sync {

void refuse_to_block(const char* call, const char* instead) {
  const rt::thread_context& here = rt::this_thread();
  if (!here.self && !here.task && !here.loop && !here.strand && !here.is_cancelled) return;
  throw RuntimeError(std::string(call) + " would block the pool: it is for threads outside, here co_await " + instead);
}

rt::nanos deadline_of(const OptionalDelay& timeout) noexcept {
  if (!timeout) return rt::never;
  return rt::saturating_add(rt::steady_now(), std::max<rt::nanos>(timeout->nanos(), 0));
}

// A thread of the blocking pool carries its scheduler in its context: its job holds virtual time.
thread_waiter::thread_waiter(bool is_out_of_patience) noexcept
    : waiter(is_out_of_patience), clock_(rt::this_thread().sched) {}

void thread_waiter::let_time_pass() noexcept {
  if (clock_) clock_->release_virtual_time();
}
void thread_waiter::hold_time() noexcept {
  if (clock_) clock_->hold_virtual_time();
}

void thread_waiter::sleep(rt::nanos deadline) noexcept {
  while (is_woken_.load(rt::acquire) == 0) {  // order: W2: what the waker did comes before; pairs with wake_up()
    if (!rt::futex_wait(is_woken_, 0, deadline)) return;
  }
}

// The thread may go on, and the node be gone, as soon as the word is written; its address is all that is used then.
void thread_waiter::wake_up() noexcept {
  const std::atomic<std::uint32_t>& word = is_woken_;
  hold_time();                      // for the thread: no virtual time may pass before it runs
  is_woken_.store(1, rt::release);  // order: W2: pairs with the acquire load in sleep()
  rt::futex_wake(word, 1);
}

void wake_thread(waiter& w) noexcept { static_cast<thread_waiter&>(w).wake_up(); }

}  // namespace hocket::sync
