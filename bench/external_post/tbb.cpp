// external_post: enqueue into a oneTBB arena.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "config.hpp"

int main(int argc, char** argv) {
  const auto o = external_post::parse(argc, argv);
  // One more than the workers: oneTBB counts the thread that enqueues.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, o.workers + 1);
  tbb::task_arena arena(static_cast<int>(o.workers) + 1, 1);
  external_post::countdown jobs;
  external_post::measure(o, jobs, [&] { arena.enqueue([&] { jobs.run_one(); }); });
}
