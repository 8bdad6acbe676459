#include <hocket/rt/io/reactor.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/cpu.hpp>
#include <hocket/rt/base/fd.hpp>
#include <hocket/rt/io/arrivals.hpp>

namespace hocket::rt {
namespace {

constexpr auto reading = io_direction::read;
constexpr auto writing = io_direction::write;

/// Counts its wakes.
struct probe final : io_op {
  void run() noexcept override { wakes.fetch_add(1); }
  std::atomic<int> wakes{0};
};

struct socket_pair {
  unique_fd a, b;
  socket_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) std::abort();
    a = unique_fd(fds[0]);
    b = unique_fd(fds[1]);
  }
  void send_to_a() const { ASSERT_EQ(1, ::write(b.get(), "x", 1)); }
};

/// As the kernel says itself; -1 when it does not know.
int incoming_cpu_of(int fd) {
  int cpu = -1;
  socklen_t size = sizeof cpu;
  ::getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &size);
  return cpu;
}

int run_all(runnable_list& list) {
  int n = 0;
  while (runnable* r = list.pop_front()) r->run(), ++n;
  return n;
}

/// Polls once without waiting and runs what came.
int pump(reactor& r, nanos timeout = 0) {
  runnable_list out;
  r.poll(timeout, out, reactor::max_batch);
  return run_all(out);
}

struct reactor_test : testing::Test {
  std::unique_ptr<reactor> r = reactor::make();
  socket_pair pair;
  descriptor d = r->attach(pair.a.get());

  /// The first event of a fresh socket says that it is writable.
  void eat_first_write_event() {
    pump(*r);
    probe op;
    ASSERT_FALSE(r->submit(d, writing, op));
  }
  void TearDown() override {
    auto left = r->detach(d);
    EXPECT_TRUE(left.empty());
    EXPECT_EQ(0u, r->attached());
  }
};

TEST_F(reactor_test, readiness_before_submit_is_kept_once) {
  pair.send_to_a();
  EXPECT_EQ(0, pump(*r));
  probe op;
  EXPECT_FALSE(r->submit(d, reading, op));
  EXPECT_TRUE(r->submit(d, reading, op));
  EXPECT_TRUE(r->cancel(d, reading, op));
  EXPECT_EQ(0, op.wakes);
}

TEST_F(reactor_test, after_the_peer_hung_up_no_read_waits_any_more) {
  probe op;
  pair.send_to_a();
  ASSERT_EQ(0, ::shutdown(pair.b.get(), SHUT_WR));
  pump(*r);
  EXPECT_FALSE(r->submit(d, reading, op));
  EXPECT_FALSE(r->submit(d, reading, op));
  pump(*r);
  EXPECT_FALSE(r->submit(d, reading, op));
  EXPECT_FALSE(r->cancel(d, reading, op));
  EXPECT_EQ(0, op.wakes);
}

TEST_F(reactor_test, a_socket_that_was_watched_before_it_listened_can_wait) {
  const unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const descriptor listener = r->attach(fd.get());
  pump(*r);  // EPOLLHUP
  ASSERT_EQ(0, ::listen(fd.get(), 1));
  probe op;
  EXPECT_FALSE(r->submit(listener, reading, op));
  EXPECT_TRUE(r->submit(listener, reading, op));
  EXPECT_EQ(&op, r->detach(listener).front());
}

TEST_F(reactor_test, submit_then_ready_hands_the_op_back_once) {
  pump(*r);
  probe op;
  ASSERT_TRUE(r->submit(d, reading, op));
  EXPECT_EQ(0, pump(*r));
  pair.send_to_a();
  EXPECT_EQ(1, pump(*r));
  pair.send_to_a();
  EXPECT_EQ(0, pump(*r));
  EXPECT_EQ(1, op.wakes);
  EXPECT_FALSE(r->cancel(d, reading, op));
}

TEST_F(reactor_test, the_two_directions_do_not_wake_each_other) {
  eat_first_write_event();
  char block[4096] = {};
  while (::write(pair.a.get(), block, sizeof block) > 0) {
  }
  probe in, out;
  ASSERT_TRUE(r->submit(d, reading, in));
  ASSERT_TRUE(r->submit(d, writing, out));
  pair.send_to_a();
  pump(*r);
  EXPECT_EQ(1, in.wakes);
  EXPECT_EQ(0, out.wakes);
  ASSERT_TRUE(r->submit(d, reading, in) || r->submit(d, reading, in));  // an event may have told of both
  while (::read(pair.b.get(), block, sizeof block) > 0) {
  }
  pump(*r);
  EXPECT_EQ(1, out.wakes);
  r->cancel(d, reading, in);
}

TEST_F(reactor_test, hang_up_wakes_both_directions) {
  eat_first_write_event();
  probe in, out;
  ASSERT_TRUE(r->submit(d, reading, in));
  ASSERT_TRUE(r->submit(d, writing, out));
  pair.b.reset();
  EXPECT_EQ(2, pump(*r));
  EXPECT_EQ(1, in.wakes);
  EXPECT_EQ(1, out.wakes);
  EXPECT_EQ(0, pump(*r));  // edge-triggered: a hang-up is told once, and nobody spins on it
}

TEST_F(reactor_test, detach_hands_back_and_ends_the_descriptor) {
  eat_first_write_event();
  probe in, out;
  ASSERT_TRUE(r->submit(d, reading, in));
  ASSERT_TRUE(r->submit(d, writing, out));
  auto pending = r->detach(d);
  EXPECT_EQ(2u, pending.size());
  run_all(pending);
  EXPECT_EQ(1, in.wakes);
  EXPECT_EQ(1, out.wakes);
  EXPECT_FALSE(r->submit(d, reading, in));
  EXPECT_FALSE(r->cancel(d, reading, in));
  EXPECT_TRUE(r->detach(d).empty());
}

TEST_F(reactor_test, an_old_descriptor_does_not_reach_the_next_owner_of_its_slot) {
  const descriptor old = d;
  EXPECT_TRUE(r->detach(old).empty());
  d = r->attach(pair.a.get());
  ASSERT_EQ(old.slot, d.slot);
  ASSERT_NE(old.generation, d.generation);
  pump(*r);
  probe mine, theirs;
  ASSERT_TRUE(r->submit(d, reading, mine));
  EXPECT_FALSE(r->submit(old, reading, theirs));
  EXPECT_FALSE(r->cancel(old, reading, mine));
  EXPECT_TRUE(r->detach(old).empty());
  pair.send_to_a();
  EXPECT_EQ(1, pump(*r));
  EXPECT_EQ(1, mine.wakes);
}

TEST_F(reactor_test, a_dup_held_elsewhere_does_not_keep_the_attachment_alive) {
  const unique_fd copy(::dup(pair.a.get()));
  EXPECT_TRUE(r->detach(d).empty());
  pair.a.reset();
  pair.send_to_a();
  EXPECT_EQ(0, pump(*r));
  runnable_list out;
  const nanos start = steady_now();
  EXPECT_EQ(0, r->poll(2 * nanos_per_ms, out, 16));
  EXPECT_GE(steady_now() - start, 2 * nanos_per_ms);  // no event is left that would cut the wait short
}

TEST(reactor_end, what_still_waits_is_run_and_late_handles_see_that_it_is_gone) {
  const socket_pair pair;
  probe op;
  std::shared_ptr<reactor_lease> lease;
  {
    auto r = reactor::make();
    lease = r->lease();
    EXPECT_EQ(r.get(), lease->io);
    const descriptor d = r->attach(pair.a.get());
    EXPECT_TRUE(r->is_attached(d));
    ASSERT_TRUE(r->submit(d, reading, op));
  }
  EXPECT_EQ(1, op.wakes);
  EXPECT_EQ(nullptr, lease->io);
}

TEST_F(reactor_test, a_regular_file_is_refused_and_takes_no_slot) {
  const unique_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  try {
    r->attach(file.get());
    FAIL();
  } catch (const std::system_error& e) {
    EXPECT_STREQ("epoll_ctl: Operation not permitted", e.what());
  }
  EXPECT_EQ(1u, r->attached());
}

TEST_F(reactor_test, slots_grow_over_several_chunks) {
  std::vector<socket_pair> pairs(700);
  std::vector<descriptor> ds;
  std::vector<std::unique_ptr<probe>> probes;
  for (auto& p : pairs) ds.push_back(r->attach(p.a.get()));
  while (pump(*r) != 0) {
  }
  for (int i = 0; i < 3; ++i) pump(*r);
  for (auto& x : ds) {
    probes.push_back(std::make_unique<probe>());
    ASSERT_TRUE(r->submit(x, reading, *probes.back()));
  }
  for (auto& p : pairs) p.send_to_a();
  int woken = 0;
  for (int i = 0; i < 10; ++i) woken += pump(*r);
  EXPECT_EQ(700, woken);
  for (auto& p : probes) EXPECT_EQ(1, p->wakes);
  for (auto& x : ds) EXPECT_TRUE(r->detach(x).empty());
}

TEST_F(reactor_test, a_timeout_is_kept_to_the_fraction_of_a_millisecond) {
  pump(*r);
  runnable_list out;
  nanos best = never;
  for (int i = 0; i < 20; ++i) {
    const nanos start = steady_now();
    EXPECT_EQ(0, r->poll(300 * nanos_per_us, out, 16));
    const nanos took = steady_now() - start;
    EXPECT_GE(took, 300 * nanos_per_us);
    best = std::min(best, took);
  }
  EXPECT_LT(best, nanos_per_ms);
}

TEST_F(reactor_test, a_wake_before_the_poll_is_kept_and_counted) {
  pump(*r);
  r->wake();
  r->wake();
  runnable_list out;
  poll_report glance, first, second;
  EXPECT_EQ(0, r->poll(0, out, 16, glance));
  EXPECT_FALSE(glance.took_wake) << "a poll that does not block leaves wakes alone";
  EXPECT_EQ(0, r->poll(never, out, 16, first));
  EXPECT_EQ(0, r->poll(never, out, 16, second));
  EXPECT_TRUE(first.took_wake && second.took_wake);
  const nanos start = steady_now();
  EXPECT_EQ(0, r->poll(5 * nanos_per_ms, out, 16));
  EXPECT_GE(steady_now() - start, 5 * nanos_per_ms);
}

TEST_F(reactor_test, every_blocked_poll_gets_its_own_wake) {
  pump(*r);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> returned{0};
    std::vector<std::thread> pollers;
    for (int i = 0; i < 3; ++i) {
      pollers.emplace_back([&] {
        runnable_list out;
        r->poll(never, out, 16);
        returned.fetch_add(1);
      });
    }
    for (int i = 0; i < 3; ++i) r->wake();
    for (auto& t : pollers) t.join();
    EXPECT_EQ(3, returned);
  }
}

TEST_F(reactor_test, polls_that_do_not_block_never_steal_a_wake) {
  pump(*r);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) pump(*r);
  });
  for (int i = 0; i < 300; ++i) {
    r->wake();
    runnable_list out;
    r->poll(never, out, 16);
  }
  stop = true;
  busy.join();
}

TEST_F(reactor_test, notes_where_what_a_socket_got_came_in) {
  unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(0, ::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at));
  ASSERT_EQ(0, ::listen(listener.get(), 1));
  ASSERT_EQ(0, ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size));
  std::thread([&] {
    ASSERT_TRUE(bind_to_cpu(allowed_cpus().back()));
    unique_fd sender(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(0, ::connect(sender.get(), reinterpret_cast<sockaddr*>(&at), sizeof at));
    unique_fd taker(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const auto of_taker = r->attach(taker.get());
    arrivals where;
    poll_report report{.where = &where};
    char c = 0;
    for (unsigned i = 0; i < arrivals::polls_per_sample * arrivals::samples_to_settle; ++i) {
      ASSERT_EQ(1, ::write(sender.get(), "x", 1));
      runnable_list came;
      r->poll(nanos_per_second, came, 1, report);
      ASSERT_EQ(1, ::read(taker.get(), &c, 1));
    }
    EXPECT_EQ(incoming_cpu_of(taker.get()), where.settled_on());
    EXPECT_TRUE(r->detach(of_taker).empty());
  }).join();
}

TEST_F(reactor_test, cancel_and_ready_race_for_one_owner) {
  pump(*r);
  std::atomic<bool> stop{false};
  std::thread poller([&] {
    while (!stop) pump(*r, nanos_per_ms);
  });
  int cancelled = 0, woken = 0;
  for (int i = 0; i < 3000; ++i) {
    probe op;
    if (!r->submit(d, reading, op)) continue;
    pair.send_to_a();
    if (i % 3) std::this_thread::yield();
    if (r->cancel(d, reading, op)) {
      ++cancelled;
      EXPECT_EQ(0, op.wakes);
    } else {
      while (op.wakes == 0) std::this_thread::yield();
      ++woken;
    }
    char c;
    while (::read(pair.a.get(), &c, 1) > 0) {
    }
  }
  stop = true;
  r->wake();
  poller.join();
  RecordProperty("cancelled", cancelled);
  RecordProperty("woken", woken);
  EXPECT_GT(cancelled + woken, 0);
}

/// One thread waits, one cancels, one detaches and one polls: each submit that gave true ends in exactly one way.
TEST(reactor_race, submit_cancel_detach_and_ready_leave_no_op_behind) {
  auto r = reactor::make();
  std::atomic<bool> stop{false};
  std::thread poller([&] {
    while (!stop) pump(*r, nanos_per_ms);
  });
  for (int i = 0; i < 1500; ++i) {
    const socket_pair pair;
    const descriptor d = r->attach(pair.a.get());
    probe op;
    std::atomic<int> cancels{0};
    std::atomic<int> phase{0};
    std::thread closer([&] {
      phase = 1;
      pair.send_to_a();
      auto pending = r->detach(d);
      run_all(pending);
    });
    while (phase == 0) std::this_thread::yield();
    int waits = 0;
    while (r->submit(d, reading, op)) {
      ++waits;
      if (i % 2 == 0 && r->cancel(d, reading, op)) {
        ++cancels;
      } else {
        while (op.wakes + cancels < waits) std::this_thread::yield();
      }
    }
    closer.join();
    EXPECT_EQ(waits, op.wakes + cancels);
  }
  stop = true;
  r->wake();
  poller.join();
  EXPECT_EQ(0u, r->attached());
}

/// Ping-pong where every wait goes through submit: a lost edge would stop it.
TEST(reactor_race, no_edge_is_lost_between_two_pollers_and_a_reader) {
  auto r = reactor::make();
  const socket_pair pair;
  const descriptor d = r->attach(pair.a.get());
  std::atomic<bool> stop{false};
  std::vector<std::thread> pollers;
  for (int i = 0; i < 2; ++i) {
    pollers.emplace_back([&] {
      while (!stop) pump(*r, 10 * nanos_per_ms);
    });
  }
  constexpr int rounds = 20000;
  std::thread sender([&] {
    for (int i = 0; i < rounds; ++i) {
      // A full socket buffer refuses the byte; the reader is behind then, not the reactor.
      while (::write(pair.b.get(), "x", 1) != 1) std::this_thread::yield();
      if (i % 64 == 0) std::this_thread::yield();
    }
  });
  int got = 0;
  probe op;
  int waits = 0;
  while (got < rounds) {
    char buffer[64];
    const auto n = ::read(pair.a.get(), buffer, sizeof buffer);
    if (n > 0) {
      got += static_cast<int>(n);
    } else if (r->submit(d, reading, op)) {
      ++waits;
      while (op.wakes < waits) std::this_thread::yield();
    }
  }
  EXPECT_EQ(rounds, got);
  sender.join();
  stop = true;
  r->wake();
  r->wake();
  for (auto& t : pollers) t.join();
  EXPECT_TRUE(r->detach(d).empty());
}

void submit_twice() {
  auto r = reactor::make();
  const socket_pair pair;
  const descriptor d = r->attach(pair.a.get());
  probe one, two;
  r->submit(d, reading, one);
  r->submit(d, reading, two);
}

TEST(reactor_death, two_operations_in_one_direction_end_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(submit_twice(), "hocket: io: two operations wait for the same direction of a descriptor");
}

}  // namespace
}  // namespace hocket::rt
