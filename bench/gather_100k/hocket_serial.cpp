// gather_100k in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = gather_100k::parse(argc, argv);
  hocket::run(gather_100k::body(o), {.workers = o.workers});
}
