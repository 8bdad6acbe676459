// Two pools, the second one oneTBB's: an epoll thread for the sockets beside a task arena that computes.
#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include <thread>

#include "common/server.hpp"
#include "raw_echo.hpp"
#include "work.hpp"

namespace {

mixed::work work;

long fib(long n) {
  if (n <= mixed::fib_leaf) {
    work.add(1);
    return mixed::serial_fib(n);
  }
  long a = 0, b = 0;
  tbb::task_group group;
  group.run([&] { a = fib(n - 1); });
  b = fib(n - 2);
  group.wait();
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, 1);
  const auto kind = static_cast<mixed::jobs>(o.integer("kind", 0));
  const auto us = static_cast<unsigned>(o.integer("job_us", 5000));
  if (kind == mixed::jobs::checkpoint) bench::skip("a task of oneTBB cannot yield");
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  o.workers + (kind == mixed::jobs::none ? 1 : 0));  // a starter that stays joins in
  mixed::raw_echo echo;
  bench::announce(echo.port());
  static tbb::task_group tasks;
  const auto start = [&] {
    if (kind == mixed::jobs::none) return;
    // From a thread that joins the arena as one of its workers; the sockets' thread stays outside.
    std::thread([kind, us, &o] {
      if (kind == mixed::jobs::fork_join) {
        for (;;) fib(mixed::fib_of);
      }
      for (unsigned i = 0; i < o.workers * mixed::tasks_per_worker; ++i) {
        tasks.run([us] {
          for (;;) work.burn(us);
        });
      }
      tasks.wait();
    }).detach();
  };
  echo.run([&] { return work.units(); }, start,
           [&](int fd, const char* message) {
             const std::string kept(message, mixed::message_size);
             tasks.run([fd, kept, us] {
               work.burn(us);
               mixed::raw_echo::answer(fd, kept.data());
             });
           });
}
