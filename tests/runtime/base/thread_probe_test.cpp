#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/base/thread_probe.hpp>

namespace hocket::rt {
namespace {

/// A thread with a probe, in one state until the end.
template <class Body>
class probed {
 public:
  explicit probed(Body body)
      : thread_([this, body] {
          probe.begin_thread();
          begun_.store(true, release);
          body(end_);
        }) {
    while (!begun_.load(acquire)) std::this_thread::yield();
  }
  ~probed() {
    end_.store(1, release);
    futex_wake(end_, 1);
    thread_.join();
  }
  thread_probe probe;

 private:
  std::atomic<bool> begun_{false};
  std::atomic<std::uint32_t> end_{0};
  std::thread thread_;
};

const auto spin = [](std::atomic<std::uint32_t>& end) {
  while (end.load(acquire) == 0) spin_pause();
};
const auto block = [](std::atomic<std::uint32_t>& end) {
  while (end.load(acquire) == 0) futex_wait(end, 0);
};

// Whether it has a processor or waits for one makes no difference, so a busy machine makes none either.
TEST(thread_probe, a_thread_that_computes_wants_a_processor_all_the_time) {
  const probed thread(spin);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(thread.probe.wants_processor());
}

TEST(thread_probe, a_thread_that_blocks_wants_none) {
  const probed thread(block);
  while (thread.probe.wants_processor()) std::this_thread::yield();  // on its way there
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(thread.probe.wants_processor());
}

TEST(thread_probe, only_what_a_thread_computes_counts) {
  const probed busy(spin);
  const probed idle(block);
  while (idle.probe.wants_processor()) std::this_thread::yield();
  const nanos before = idle.probe.cpu_time();
  for (const nanos from = busy.probe.cpu_time(); busy.probe.cpu_time() < from + nanos_per_ms;)
    std::this_thread::yield();
  EXPECT_LT(idle.probe.cpu_time() - before, nanos_per_ms / 2);  // its way to sleep may be counted late
}

TEST(thread_probe, says_nothing_of_a_thread_that_has_not_begun) {
  const thread_probe nobody;
  EXPECT_EQ(nobody.cpu_time(), 0);
  EXPECT_FALSE(nobody.wants_processor());
}

}  // namespace
}  // namespace hocket::rt
