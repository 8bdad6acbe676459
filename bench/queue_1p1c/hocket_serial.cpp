// queue_1p1c in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, queue_1p1c::default_items);
  bench::measures rounds;
  hocket::run(queue_1p1c::body(o, rounds), {.workers = o.workers});
  queue_1p1c::report("hocket_serial", o, rounds);
}
