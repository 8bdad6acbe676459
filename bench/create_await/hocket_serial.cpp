// create_await in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, create_await::default_tasks);
  bench::measures rounds;
  hocket::run(create_await::body(o, rounds), {.workers = o.workers});
  create_await::report("hocket_serial", o, rounds);
}
