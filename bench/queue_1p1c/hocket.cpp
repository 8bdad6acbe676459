// queue_1p1c in the parallel door: producer and consumer may run at once.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, queue_1p1c::default_items);
  bench::measures rounds;
  hocket::run_parallel(queue_1p1c::body(o, rounds), {.workers = o.workers});
  queue_1p1c::report("hocket", o, rounds);
}
