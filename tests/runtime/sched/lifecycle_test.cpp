// Beginning, end and rest of a scheduler: nothing leaks, nobody spins, and failure to start is an error.
#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/rt/base/cpu.hpp>
#include <hocket/rt/base/sanitizers.hpp>
#include <hocket/rt/sched/thread_start.hpp>

#include "probe.hpp"
#include "support/eventually.hpp"

namespace hocket::rt::test {
namespace {

using support::eventually;

constexpr bool is_sanitized = HOCKET_ASAN || HOCKET_TSAN;

std::size_t entries(const char* directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

nanos cpu_used_by_process() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * nanos_per_second + t.tv_nsec;
}

TEST(lifecycle, starts_and_stops_without_leaking_threads_or_descriptors) {
  {
    scheduler warm_up(with_workers(2, 1));
  }
  const auto threads = entries("/proc/self/task");
  const auto descriptors = entries("/proc/self/fd");
  const int rounds = is_sanitized ? 100 : 1000;
  for (int i = 0; i < rounds; ++i) {
    scheduler sched(with_workers(1 + i % 3, i % 2));
    if (i % 4 == 0) {
      gate done;
      job item([&] { done.open(); });
      sched.post(item);
      done.wait();
    }
  }
  EXPECT_TRUE(eventually([&] { return entries("/proc/self/task") <= threads; }));  // a joined one may still be seen
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}

TEST(lifecycle, an_idle_scheduler_burns_nothing) {
  scheduler sched(with_workers(4, 1));
  gate done, fired;
  // After work, not only from birth: a timer far away, an armed and disarmed standby.
  alarm far([&] { fired.open(); });
  sched.arm(far, sched.now() + 3600 * nanos_per_second);
  job item([&] {
    {
      const hog_scope hog(sched);
    }
    done.add();
  });
  for (std::uint32_t i = 0; i < 200; ++i) {
    sched.post(item);
    done.wait(i + 1);
  }
  // Once it has settled, which takes as long as others let it: nobody gets up, and of the window no more than 1 % is
  // used, for the reading itself and a machine that counts in ticks.
  EXPECT_TRUE(eventually([&] {
    const auto parks = sched.counters().total().parks;
    const nanos before = cpu_used_by_process();
    timespec window{0, 300 * nanos_per_ms};
    ::nanosleep(&window, nullptr);
    return cpu_used_by_process() - before < 3 * nanos_per_ms && sched.counters().total().parks == parks;
  }));
  EXPECT_TRUE(sched.cancel(far));
}

TEST(lifecycle, threads_are_named_and_deaf_to_signals) {
  scheduler sched(with_workers(1));
  gate done;
  char name[16] = "";
  sigset_t blocked;
  sigemptyset(&blocked);
  job look([&] {
    pthread_getname_np(pthread_self(), name, sizeof name);
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    done.open();
  });
  sched.post(look);
  done.wait();
  EXPECT_STREQ(name, "hocket-w0");
  for (const int s : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGALRM}) EXPECT_EQ(sigismember(&blocked, s), 1) << s;
  sigset_t mine;
  pthread_sigmask(SIG_BLOCK, nullptr, &mine);
  EXPECT_EQ(sigismember(&mine, SIGINT), 0) << "the creator's own mask is as before";
}

TEST(lifecycle, a_thread_is_pinned_when_asked_and_a_cpu_that_is_not_there_is_passed_over) {
  const int here = static_cast<int>(allowed_cpus().back());
  for (const int cpu : {here, 100'000}) {
    std::vector<unsigned> allowed;
    start_thread({"hocket-x", cpu}, [&] { allowed = allowed_cpus(); }).join();
    EXPECT_EQ(allowed, cpu == here ? std::vector{static_cast<unsigned>(here)} : allowed_cpus());
  }
}

TEST(lifecycle, a_thread_that_cannot_start_is_an_error_and_the_others_end) {
  if (is_sanitized) GTEST_SKIP() << "sanitizers reserve more address space than the limit allows";
  const auto threads = entries("/proc/self/task");
  const auto descriptors = entries("/proc/self/fd");
  // Address space for a few stacks, not for 256.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  std::size_t pages = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "r")) {
    ASSERT_EQ(std::fscanf(f, "%zu", &pages), 1);
    std::fclose(f);
  }
  rlimit tight = before;
  tight.rlim_cur = pages * 4096 + (256u << 20);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &tight), 0);
  std::string text;
  try {
    scheduler sched(with_workers(256));
  } catch (const std::system_error& e) {
    text = e.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(text, "pthread_create: Resource temporarily unavailable");
  EXPECT_TRUE(eventually([&] { return entries("/proc/self/task") <= threads; }));  // a joined one may still be seen
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}

TEST(lifecycle, the_dump_names_workers_queues_and_calls_its_hooks) {
  scheduler sched(with_workers(2, 1));
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* to = ::open_memstream(&text, &size);
  const auto hook = [](std::FILE* f, void* argument) {
    std::fprintf(f, "hooked %s\n", static_cast<const char*>(argument));
  };
  char mine[] = "loop 1", gone[] = "loop 2";
  sched.add_dump_hook(hook, mine);
  sched.add_dump_hook(hook, gone);
  sched.remove_dump_hook(hook, gone);
  sched.dump(to);
  std::fclose(to);
  const std::string dump(text, size);
  std::free(text);
  for (const char* word :
       {"2 workers", "worker 0", "worker 1", "standby", "injection 0", "blocking", "hooked loop 1"}) {
    EXPECT_NE(dump.find(word), std::string::npos) << word << " in:\n" << dump;
  }
  EXPECT_EQ(dump.find("loop 2"), std::string::npos);
}

TEST(seeded, the_same_seed_replays_and_another_one_differs) {
  const auto order_for = [](std::uint64_t seed) {
    scheduler_options o;
    o.seed = seed;
    scheduler sched(o);
    EXPECT_EQ(sched.workers(), 1u);
    constexpr int n = 100;
    gate done;
    std::vector<int> order;
    std::vector<std::unique_ptr<job>> items;
    for (int i = 0; i < n; ++i) {
      items.push_back(std::make_unique<job>([&, i] {
        order.push_back(i);
        done.add();
      }));
    }
    job post_all([&] {
      for (int i = 0; i < n; ++i) i % 3 ? sched.post(*items[i]) : sched.post_next(*items[i]);
    });
    sched.post(post_all);
    done.wait(n);
    return order;
  };
  EXPECT_EQ(order_for(7), order_for(7));
  EXPECT_NE(order_for(7), order_for(8));
}

}  // namespace
}  // namespace hocket::rt::test
