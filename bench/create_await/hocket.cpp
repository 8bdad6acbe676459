// create_await in the parallel door: the new task may run on another worker.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, create_await::default_tasks);
  bench::measures rounds;
  hocket::run_parallel(create_await::body(o, rounds), {.workers = o.workers});
  create_await::report("hocket", o, rounds);
}
